import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { evaluate } from '../../condition/condition.js';
import { When } from '../../condition/when.js';
import { asVariables, Body, bodySite } from '../body/body.js';
import { NodeType, type NodeContext, type NodeExecutor, type NodeResult } from '../node-type.js';

const Config = z.strictObject({
  body: Body.describe('What is repeated; it sees index and what the pass before left as variables.'),
  until: When.describe('Asked after each pass, with the output of the body as variables.'),
  maxIterations: z.number().int().min(1).max(100).default(10).describe('Most passes.'),
  output: z.string().min(1).max(64).default('result').describe('The variable that receives the last output.'),
});
type Config = z.output<typeof Config>;

@Injectable()
@NodeType({
  type: 'loop',
  title: 'Loop',
  description: 'Repeats its body until a condition holds; after the last pass allowed it leaves by "exhausted".',
  config: Config,
  example: {
    body: { kind: 'graph', nodes: [{ id: 'improve', type: 'set', config: { values: { quality: 1 } } }] },
    until: { quality: { min: 0.8 } },
  },
  ports: ['next', 'exhausted'],
  repeatable: true,
  optionalPorts: ['exhausted'],
  waits: true,
  raw: ['body', 'until'],
  targets: bodySite,
})
export class LoopNode implements NodeExecutor<Config> {
  async execute({ config, scope, bodies, signal }: NodeContext<Config>): Promise<NodeResult> {
    const { until, maxIterations, output: name } = config;
    let variables = scope.variables;
    for (let index = 0; ; index += 1) {
      signal.throwIfAborted();
      const { output } = await bodies.pass('/body', { variables, index });
      variables = changedBy(output, variables);
      const { matched, reasons } = evaluate(until, { ...scope, variables, index });
      const isLast = index + 1 === maxIterations;
      if (!matched && !isLast) continue;
      return {
        output,
        variables: { [name]: output },
        port: matched ? 'next' : 'exhausted',
        explanation: { iterations: index + 1, matched, reasons },
      };
    }
  }
}

/** What the next pass sees: what the last one left goes before what was there. */
const changedBy = (output: unknown, variables: Variables): Variables => ({ ...variables, ...asVariables(output) });

type Variables = Readonly<Record<string, unknown>>;
