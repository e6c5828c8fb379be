import { Injectable, type OnModuleInit } from '@nestjs/common';
import { PluginRegistry } from '../../platform/plugin/plugin.registry.js';
import type { Definition } from '../definition/definition.js';
import { NodeRegistry } from '../node/node.registry.js';
import { requirementsUnmet } from '../workflow.errors.js';
import { needsOf } from './needs.js';
import { RequirementSource, type RequirementKnowledge } from './requirement-source.js';

/** What a definition needs and is not there. */
export interface Requirements {
  readonly met: boolean;
  readonly missingTools: readonly string[];
  readonly missingCollections: readonly string[];
  readonly missingNodeTypes: readonly string[];
}

type Asking = (source: RequirementKnowledge, names: readonly string[]) => Promise<readonly string[]> | undefined;

/** Holds definitions against what this server and a workspace have. */
@Injectable()
export class RequirementCheck implements OnModuleInit {
  private sources: readonly RequirementKnowledge[] = [];

  constructor(
    private readonly plugins: PluginRegistry,
    private readonly types: NodeRegistry,
  ) {}

  onModuleInit(): void {
    this.sources = this.plugins.find<RequirementKnowledge, void>(RequirementSource).map(({ plugin }) => plugin);
  }

  async of(workspaceId: string, definition: Definition): Promise<Requirements> {
    const { nodeTypes, tools, collections } = needsOf(definition);
    const missingNodeTypes = nodeTypes.filter((type) => this.types.isUsable(type) === false);
    const [missingTools, missingCollections] = await Promise.all([
      this.missing(tools, (source, names) => source.missingTools?.(workspaceId, names)),
      this.missing(collections, (source, names) => source.missingCollections?.(workspaceId, names)),
    ]);
    const met = [missingNodeTypes, missingTools, missingCollections].every(({ length }) => length === 0);
    return { met, missingTools, missingCollections, missingNodeTypes };
  }

  /** @throws Problem requirements-unmet that names what `template` lacks */
  async demand(workspaceId: string, template: string, definition: Definition): Promise<void> {
    const { met, ...missing } = await this.of(workspaceId, definition);
    if (met) return;
    const { missingTools, missingCollections, missingNodeTypes } = missing;
    const lacks = [
      ...named('tools', missingTools, 'connect or enable them, or name others as "tools"'),
      ...named('collections', missingCollections, 'make them, or name others as "collections"'),
      ...named('node types', missingNodeTypes, 'this server does not have them, or not what they need'),
    ];
    throw requirementsUnmet(`Template "${template}" lacks ${lacks.join('; ')}.`, { extensions: missing });
  }

  private async missing(names: readonly string[], ask: Asking): Promise<readonly string[]> {
    let left = names;
    for (const source of this.sources) if (left.length > 0) left = (await ask(source, left)) ?? left;
    return left;
  }
}

const named = (kind: string, names: readonly string[], remedy: string): readonly string[] =>
  names.length === 0 ? [] : [`the ${kind} ${names.join(', ')} (${remedy})`];
