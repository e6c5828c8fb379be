import { Injectable, type OnModuleInit } from '@nestjs/common';
import { PluginRegistry } from '../../platform/plugin/plugin.registry.js';
import { NodeType, type NodeExecutor, type NodeTypeOptions } from './node-type.js';

export interface RegisteredNodeType extends NodeTypeOptions {
  readonly executor: NodeExecutor;
}

/** The node types that definitions may use, by name. */
@Injectable()
export class NodeRegistry implements OnModuleInit {
  private types: ReadonlyMap<string, RegisteredNodeType> = new Map();

  constructor(private readonly plugins: PluginRegistry) {}

  onModuleInit(): void {
    const found = this.plugins.find<NodeExecutor, NodeTypeOptions>(NodeType);
    this.types = new Map(found.map(({ plugin, options }) => [options.type, { ...options, executor: plugin }]));
    if (this.types.size !== found.length) throw new Error('Two node types carry the same name.');
  }

  get(type: string): RegisteredNodeType | undefined {
    return this.types.get(type);
  }

  /** Whether there is such a type, and all it cannot do without. */
  isUsable(type: string): boolean {
    const found = this.types.get(type);
    return found !== undefined && found.executor.lacks?.() === undefined;
  }

  all(): readonly RegisteredNodeType[] {
    return [...this.types.values()];
  }
}
