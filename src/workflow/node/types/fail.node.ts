import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { workflowFailed } from '../../workflow.errors.js';
import { NodeType, type NodeContext, type NodeExecutor } from '../node-type.js';

const Config = z.strictObject({
  code: z.string().min(1).max(64).describe('What went wrong, in one word for programs.'),
  detail: z.string().min(1).max(2_000).describe('What went wrong, in a sentence for people.'),
});
type Config = z.output<typeof Config>;

@Injectable()
@NodeType({
  type: 'fail',
  title: 'Fail',
  description: 'Fails with a problem of its own; the run ends so, unless the node’s onError takes it.',
  config: Config,
  example: { code: 'out-of-stock', detail: 'There is no {{input.product}} left.' },
  ports: ['error'],
  repeatable: true,
})
export class FailNode implements NodeExecutor<Config> {
  async execute({ config: { code, detail } }: NodeContext<Config>): Promise<never> {
    throw workflowFailed(detail, { extensions: { code } });
  }
}
