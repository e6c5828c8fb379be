import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { problemFromBody } from '../../../platform/problem/problem.js';
import { RunConfig } from '../../run/run.config.js';
import { BranchCancelled } from '../../graph/execution.js';
import { limitExceeded } from '../../workflow.errors.js';
import { atOnce } from '../body/at-once.js';
import { Body, bodySite } from '../body/body.js';
import { NodeType, type NodeContext, type NodeExecutor, type NodeResult, type PassResult } from '../node-type.js';

const Config = z.strictObject({
  items: z.array(z.unknown()).describe('The list, or a reference to it.'),
  body: Body.describe('What is done with each item; it sees item and index.'),
  maxConcurrency: z.number().int().min(1).max(100).default(4).describe('Most items at once.'),
  onError: z
    .enum(['continue', 'fail'])
    .default('continue')
    .describe('Whether a failed item is a result like others, or fails the node.'),
  output: z.string().min(1).max(64).default('results').describe('The variable that receives the results, in order.'),
});
type Config = z.output<typeof Config>;

@Injectable()
@NodeType({
  type: 'map',
  title: 'Map',
  description: 'Runs its body for each item of a list, several at once; the results are in the order of the items.',
  config: Config,
  example: {
    items: '{{input.items}}',
    body: {
      kind: 'graph',
      nodes: [{ id: 'summarise', type: 'model', config: { prompt: 'Summarise: {{item}}' } }],
    },
  },
  ports: ['next'],
  repeatable: true,
  waits: true,
  raw: ['body'],
  targets: bodySite,
})
export class MapNode implements NodeExecutor<Config> {
  constructor(private readonly limits: RunConfig) {}

  async execute({ config, scope, bodies, shows, signal }: NodeContext<Config>): Promise<NodeResult> {
    const { items, maxConcurrency, onError, output } = config;
    const { maxMapItems } = this.limits;
    if (items.length > maxMapItems)
      throw limitExceeded('maxMapItems', maxMapItems, `The list has ${items.length} items.`, 'MAX_MAP_ITEMS');
    const results = Array.from<PassResult | undefined>({ length: items.length });
    shows(() => results.map((result) => result ?? null));
    const stop = new AbortController();
    await atOnce(items.length, maxConcurrency, signal, async (index) => {
      const options = { variables: scope.variables, item: items[index] ?? null, index, signal: stop.signal };
      const result = await bodies.tryPass('/body', options);
      results[index] = result;
      if (result.status === 'succeeded' || onError === 'continue') return;
      stop.abort(new BranchCancelled('Another item failed.'));
      throw problemFromBody(result.problem);
    });
    return { output: results, variables: { [output]: results } };
  }
}
