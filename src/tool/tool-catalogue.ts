import { Injectable, type OnModuleInit } from '@nestjs/common';
import { PluginRegistry } from '../platform/plugin/plugin.registry.js';
import { BuiltInTools } from './builtin.source.js';
import { ToolSource, type OfferedTool, type ToolOffering } from './tool-source.js';

/** The tools a workspace has, from every source. A name is served by the first source that has it, built-in ones first. */
@Injectable()
export class ToolCatalogue implements OnModuleInit {
  private sources: readonly ToolOffering[] = [];

  constructor(
    private readonly plugins: PluginRegistry,
    private readonly builtIn: BuiltInTools,
  ) {}

  onModuleInit(): void {
    const found = this.plugins.find<ToolOffering, void>(ToolSource).map(({ plugin }) => plugin);
    this.sources = [this.builtIn, ...found.filter((source) => source !== this.builtIn)];
  }

  async find(workspaceId: string, name: string): Promise<OfferedTool | undefined> {
    for (const source of this.sources) {
      const tool = await source.find(workspaceId, name);
      if (tool) return tool;
    }
    return undefined;
  }

  /** Whether the workspace has this server, whose tools some source offers. */
  async hasServer(workspaceId: string, serverId: string): Promise<boolean> {
    for (const source of this.sources) if (await source.hasServer?.(workspaceId, serverId)) return true;
    return false;
  }

  async all(workspaceId: string): Promise<readonly OfferedTool[]> {
    const lists = await Promise.all(this.sources.map((source) => source.list(workspaceId)));
    const byName = new Map<string, OfferedTool>();
    for (const tool of lists.flat()) if (!byName.has(tool.name)) byName.set(tool.name, tool);
    return [...byName.values()];
  }
}
