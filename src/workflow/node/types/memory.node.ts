import { Injectable, type OnModuleInit } from '@nestjs/common';
import { z } from 'zod';
import { PluginRegistry } from '../../../platform/plugin/plugin.registry.js';
import { HistorySource, type History } from '../history-source.js';
import { NodeType, type NodeContext, type NodeExecutor, type NodeResult } from '../node-type.js';

const Config = z.strictObject({
  window: z.number().int().min(1).max(100).default(20).describe('Most earlier messages that are kept.'),
});

@Injectable()
@NodeType({
  type: 'memory',
  title: 'Memory',
  description: 'Puts the last messages of the conversation before the present one.',
  config: Config,
  ports: ['next'],
  pure: true,
})
export class MemoryNode implements NodeExecutor<z.output<typeof Config>>, OnModuleInit {
  private sources: readonly History[] = [];

  constructor(private readonly plugins: PluginRegistry) {}

  onModuleInit(): void {
    this.sources = this.plugins.find<History, void>(HistorySource).map(({ plugin }) => plugin);
  }

  async execute({ config, run, messages }: NodeContext<z.output<typeof Config>>): Promise<NodeResult> {
    const [source] = this.sources;
    const earlier = source && run.conversationId !== undefined ? await source.before(run, config.window) : [];
    return { output: { messageCount: earlier.length }, messages: [...earlier, ...messages] };
  }
}
