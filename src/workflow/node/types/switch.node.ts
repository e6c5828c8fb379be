import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { decide } from '../../condition/branches.js';
import { When } from '../../condition/when.js';
import { NodeType, type NodeContext, type NodeExecutor, type NodeResult } from '../node-type.js';

const Port = z.string().min(1).max(64);

const Config = z.strictObject({
  branches: z
    .array(z.strictObject({ port: Port, when: When }))
    .min(1)
    .max(64)
    .describe('Tried in order; the first whose condition matches gives the port.'),
  default: Port.default('default').describe('The port when no branch matches.'),
});
type Config = z.output<typeof Config>;

@Injectable()
@NodeType({
  type: 'switch',
  title: 'Switch',
  description: 'Leaves by the port of the first branch whose condition matches.',
  config: Config,
  example: {
    branches: [
      { port: 'hard', when: { complexity: { min: 0.7 } } },
      { port: 'technical', when: { queryType: 'technical_support' } },
    ],
  },
  ports: (config) => {
    const parsed = Config.safeParse(config);
    return parsed.success ? [...parsed.data.branches.map(({ port }) => port), parsed.data.default] : [];
  },
  repeatable: true,
})
export class SwitchNode implements NodeExecutor<Config> {
  async execute({ config, scope }: NodeContext<Config>): Promise<NodeResult> {
    const decision = decide(
      config.branches.map(({ port, when }) => ({ id: port, when })),
      scope,
    );
    const port = decision.branch ?? config.default;
    return { output: { port }, port, explanation: decision };
  }
}
