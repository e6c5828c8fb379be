import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { NodeType, type NodeContext, type NodeExecutor, type NodeResult } from '../node-type.js';

const Config = z.strictObject({
  output: z.unknown().optional().describe('The output of the run; without it, what the definition says.'),
});
type Config = z.output<typeof Config>;

@Injectable()
@NodeType({
  type: 'end',
  title: 'End',
  description: 'Ends its path, and may say what the run comes to.',
  config: Config,
  example: { output: { text: '{{text}}' } },
  ports: [],
  pure: true,
})
export class EndNode implements NodeExecutor<Config> {
  async execute({ config: { output } }: NodeContext<Config>): Promise<NodeResult> {
    return { output, end: { output } };
  }
}
