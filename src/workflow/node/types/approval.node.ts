import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { NodeType, type NodeContext, type NodeExecutor, type NodeResult } from '../node-type.js';

const DAY_MS = 86_400_000;

const Config = z.strictObject({
  title: z.string().min(1).max(200).describe('What is to be decided, in one line.'),
  detail: z.string().max(10_000).optional().describe('What the person should know to decide.'),
  expiresInMs: z
    .number()
    .int()
    .min(1)
    .max(30 * DAY_MS)
    .default(DAY_MS)
    .describe('How long to wait for a decision, in milliseconds.'),
  onExpire: z.enum(['deny', 'approve']).default('deny').describe('What holds when nobody decides in time.'),
});
type Config = z.output<typeof Config>;

@Injectable()
@NodeType({
  type: 'approval',
  title: 'Approval',
  description: 'Waits for a person to approve or deny.',
  config: Config,
  example: { title: 'Refund {{input.amount}}?', detail: 'The customer asks for their money back.' },
  ports: ['approved', 'denied'],
  waits: true,
})
export class ApprovalNode implements NodeExecutor<Config> {
  async execute({ config, waits }: NodeContext<Config>): Promise<NodeResult> {
    const { title, detail, expiresInMs, onExpire } = config;
    const decision = await waits.approval('approval', { kind: 'node', title, detail, expiresInMs, onExpire });
    const { approved, expired, by, reason } = decision;
    return { output: { approved, expired, by, reason }, port: approved ? 'approved' : 'denied' };
  }
}
