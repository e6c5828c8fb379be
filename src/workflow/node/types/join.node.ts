import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { NodeType, type NodeContext, type NodeExecutor, type NodeResult } from '../node-type.js';

const Config = z.strictObject({
  wait: z
    .union([z.enum(['all', 'any']), z.number().int().min(1).max(100)])
    .default('all')
    .describe('How many of the branches that were started must arrive; the rest are cancelled.'),
  onError: z
    .enum(['fail', 'continue'])
    .default('fail')
    .describe('Whether a failed branch fails the run or is a result.'),
  output: z.string().min(1).max(64).default('branches').describe('The variable that receives the results.'),
});
type Config = z.output<typeof Config>;

@Injectable()
@NodeType({
  type: 'join',
  title: 'Join',
  description: 'Waits for the branches that lead here; their results, by the id of their last node, are the output.',
  config: Config,
  example: { wait: 'all', onError: 'continue' },
  ports: ['next'],
  repeatable: true,
  gathering: (config) => {
    const { wait, onError } = Config.catch({ wait: 'all', onError: 'fail', output: 'branches' }).parse(config);
    return {
      wait: wait === 'all' ? Infinity : wait === 'any' ? 1 : wait,
      takesFailures: onError === 'continue',
    };
  },
})
export class JoinNode implements NodeExecutor<Config> {
  async execute({ config, branches }: NodeContext<Config>): Promise<NodeResult> {
    return { output: branches, variables: { [config.output]: branches } };
  }
}
