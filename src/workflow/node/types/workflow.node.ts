import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { problemFromBody } from '../../../platform/problem/problem.js';
import { Definition, WorkflowReference } from '../../definition/definition.js';
import { runFailed } from '../../workflow.errors.js';
import { targetSite } from '../body/body.js';
import { NodeType, type NodeContext, type NodeExecutor, type NodeResult } from '../node-type.js';

const Config = z
  .strictObject({
    workflow: WorkflowReference.optional().describe('Mode, template, name, name@version or id of a workflow.'),
    definition: z
      .lazy(() => Definition)
      .optional()
      .describe('The workflow on the spot, instead of a reference.'),
    parameters: z.record(z.string(), z.unknown()).optional().describe('Parameters of a template.'),
    input: z.record(z.string(), z.unknown()).optional().describe('Its input; without it, the input of this run.'),
    output: z.string().min(1).max(64).default('result').describe('The variable that receives its output.'),
  })
  .refine(({ workflow, definition }) => (workflow === undefined) !== (definition === undefined), {
    error: 'must have either "workflow" or "definition"',
  });
type Config = z.output<typeof Config>;

@Injectable()
@NodeType({
  type: 'workflow',
  title: 'Workflow',
  description: 'Runs another workflow as a child run, in the version that was current when this run began.',
  config: Config,
  example: { workflow: 'plain', input: { message: '{{input.message}}' } },
  ports: ['next'],
  repeatable: true,
  waits: true,
  raw: ['definition', 'parameters'],
  targets: (config) => targetSite('', config),
})
export class WorkflowNode implements NodeExecutor<Config> {
  async execute({ config, input, bodies, shows }: NodeContext<Config>): Promise<NodeResult> {
    const given = config.input ?? (input as Readonly<Record<string, unknown>>);
    const { status, output, problem } = await bodies.child('', { index: 0, input: given });
    shows(() => output);
    if (status !== 'succeeded') throw problem ? problemFromBody(problem) : runFailed('The child run did not succeed.');
    return { output, variables: { [config.output]: output ?? null } };
  }
}
