import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { NodeType, type NodeContext, type NodeExecutor, type NodeResult } from '../node-type.js';

const YEAR_MS = 366 * 86_400_000;

const Config = z
  .strictObject({
    ms: z.number().int().min(0).max(YEAR_MS).optional().describe('How long to wait, in milliseconds.'),
    until: z.iso
      .datetime({ offset: true })
      .optional()
      .describe('The time to wait for, with its offset: 2026-11-23T09:30:00Z.'),
  })
  .refine(({ ms, until }) => (ms === undefined) !== (until === undefined), {
    error: 'must have either "ms" or "until"',
  });
type Config = z.output<typeof Config>;

@Injectable()
@NodeType({
  type: 'delay',
  title: 'Delay',
  description: 'Waits for some time or until a time; a restart does not begin the wait anew.',
  config: Config,
  example: { ms: 60_000 },
  ports: ['next'],
  waits: true,
})
export class DelayNode implements NodeExecutor<Config> {
  async execute({ config, startedAt, waits }: NodeContext<Config>): Promise<NodeResult> {
    const until = config.until === undefined ? startedAt.getTime() + (config.ms ?? 0) : Date.parse(config.until);
    const at = new Date(until);
    await waits.until(at);
    return { output: { until: at.toISOString() } };
  }
}
