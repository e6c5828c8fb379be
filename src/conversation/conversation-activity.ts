import { Injectable, type OnModuleInit } from '@nestjs/common';
import { PluginRegistry } from '../platform/plugin/plugin.registry.js';
import { ActivitySource, type ActiveRun, type Activity } from './activity-source.js';

/** What is at work on a conversation, whoever knows it. */
@Injectable()
export class ConversationActivity implements OnModuleInit {
  private sources: readonly Activity[] = [];

  constructor(private readonly plugins: PluginRegistry) {}

  onModuleInit(): void {
    this.sources = this.plugins.find<Activity, void>(ActivitySource).map(({ plugin }) => plugin);
  }

  async of(workspaceId: string, conversationId: string): Promise<ActiveRun | undefined> {
    const runs = await Promise.all(this.sources.map((source) => source.of(workspaceId, conversationId)));
    return runs.find((run) => run !== undefined);
  }
}
