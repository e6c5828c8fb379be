import { Injectable, type OnModuleInit } from '@nestjs/common';
import { PluginRegistry } from '../../platform/plugin/plugin.registry.js';
import { Problem } from '../../platform/problem/problem.js';
import { WorkflowSource, type Workflows } from '../workflow-resolver.js';
import { LibraryWorkflows } from './library-workflows.source.js';

/** The names that mean something else than a stored workflow: those of every other place workflows come from. */
@Injectable()
export class ReservedNames implements OnModuleInit {
  private others: readonly Workflows[] = [];

  constructor(private readonly plugins: PluginRegistry) {}

  onModuleInit(): void {
    const sources = this.plugins.find<Workflows, void>(WorkflowSource).map(({ plugin }) => plugin);
    this.others = sources.filter((source) => !(source instanceof LibraryWorkflows));
  }

  async includes(workspaceId: string, name: string): Promise<boolean> {
    for (const source of this.others) if (await has(source, workspaceId, name)) return true;
    return false;
  }
}

/** What is there and cannot be run, for want of a parameter or a tool, has its name too. */
async function has(source: Workflows, workspaceId: string, name: string): Promise<boolean> {
  try {
    return (await source.find(workspaceId, { name }, {})) !== undefined;
  } catch (error) {
    if (error instanceof Problem && error.status < 500) return true;
    throw error;
  }
}
