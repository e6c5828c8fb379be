import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { problemFromBody } from '../../../platform/problem/problem.js';
import { decide } from '../../condition/branches.js';
import { conditionalFields, type Choice } from '../../definition/definition.js';
import { noBranchMatched, runFailed } from '../../workflow.errors.js';
import { targetSite, targetSites } from '../body/body.js';
import { NodeType, type NodeContext, type NodeExecutor, type NodeResult } from '../node-type.js';

/** A conditional definition, as the one node of its graph. */
@Injectable()
@NodeType({
  type: 'conditional',
  title: 'Conditional',
  description: 'Runs the workflow of the first branch whose condition matches.',
  config: z.strictObject(conditionalFields),
  example: { branches: [{ id: 'hard', when: { 'input.complexity': { min: 0.7 } }, workflow: 'plain' }] },
  ports: ['next'],
  repeatable: true,
  waits: true,
  raw: ['branches', 'default'],
  targets: ({ branches, default: otherwise }) => [
    ...targetSites('/branches', branches),
    ...targetSite('/default', otherwise),
  ],
  internal: true,
})
export class ConditionalNode implements NodeExecutor<Choice> {
  async execute({ config, scope, input, bodies, decided, shows }: NodeContext<Choice>): Promise<NodeResult> {
    const decision = decide(config.branches, scope);
    decided(decision);
    const chosen = config.branches.findIndex(({ id }) => id === decision.branch);
    if (chosen < 0 && !config.default)
      throw noBranchMatched(`None of the ${config.branches.length} branches matched, and there is no default.`);
    const { output, problem, status } = await bodies.child(chosen < 0 ? '/default' : `/branches/${chosen}`, {
      key: decision.branch ?? 'default',
      index: chosen < 0 ? config.branches.length : chosen,
      input: input as Readonly<Record<string, unknown>>,
    });
    shows(() => output);
    if (status !== 'succeeded') throw problem ? problemFromBody(problem) : runFailed('The child run did not succeed.');
    return { output };
  }
}
