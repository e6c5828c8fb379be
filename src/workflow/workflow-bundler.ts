import { Injectable } from '@nestjs/common';
import { validationFailed } from '../platform/problem/http.errors.js';
import { Problem } from '../platform/problem/problem.js';
import { asGraph } from './definition/as-graph.js';
import { pinKey, type Bundle, type PinnedWorkflow } from './definition/bundle.js';
import { Definition, type WorkflowTarget } from './definition/definition.js';
import { schemaFaults } from './definition/schema-faults.js';
import { canonicalJson } from '../platform/schema/canonical-json.js';
import { MAX_DEPTH } from './graph/graph-compiler.js';
import { placeOf } from './node/body/body.js';
import { NodeRegistry } from './node/node.registry.js';
import { workflowUnknown } from './workflow.errors.js';
import { WorkflowResolver } from './workflow-resolver.js';

/** Most references of a definition with all it refers to, and most definitions there are then in all. */
const MAX_PINS = 200;
const MAX_DEFINITIONS = 1_000;

interface Gathered {
  readonly pins: Record<string, PinnedWorkflow>;
  count: number;
}

/** Gathers what a definition refers to, at any depth, so that a run keeps it whatever is published later. */
@Injectable()
export class WorkflowBundler {
  constructor(
    private readonly resolver: WorkflowResolver,
    private readonly types: NodeRegistry,
  ) {}

  /**
   * The definition with everything it refers to, as it is now. @throws Problem validation-failed at what names nothing,
   * leads back to itself or is too deep; or why a workflow that is named cannot be run
   */
  async bundle(workspaceId: string, definition: Definition): Promise<Bundle> {
    const gathered = { pins: {}, count: 0 };
    await this.gather(workspaceId, definition, '', [canonicalJson(definition)], gathered);
    return { definition, pins: gathered.pins };
  }

  private async gather(
    workspaceId: string,
    definition: Definition,
    pointer: string,
    inside: readonly string[],
    gathered: Gathered,
  ): Promise<void> {
    const { graph, isOneNode } = asGraph(definition);
    for (const [index, node] of graph.nodes.entries()) {
      const at = isOneNode ? pointer : `${pointer}/nodes/${index}/config`;
      for (const site of this.types.get(node.type)?.targets?.(node.config) ?? []) {
        const here = `${at}${placeOf(site)}`;
        if (inside.length > MAX_DEPTH)
          throw validationFailed([{ pointer: here, detail: `is more than ${MAX_DEPTH} workflows deep inside others` }]);
        gathered.count += 1;
        if (gathered.count > MAX_DEFINITIONS)
          throw validationFailed([
            {
              pointer: here,
              detail: `makes it more than ${MAX_DEFINITIONS} definitions with all that is referred to`,
            },
          ]);
        const found = await this.definitionOf(workspaceId, site.target, here, gathered);
        if (!found) continue;
        const content = canonicalJson(found);
        if (inside.includes(content))
          throw validationFailed([{ pointer: here, detail: 'leads back to the definition it is inside of' }]);
        await this.gather(workspaceId, found, here, [...inside, content], gathered);
      }
    }
  }

  private async definitionOf(
    workspaceId: string,
    target: WorkflowTarget,
    pointer: string,
    { pins }: Gathered,
  ): Promise<Definition | undefined> {
    if (target.definition) {
      const parsed = Definition.safeParse(target.definition);
      if (parsed.success) return parsed.data;
      throw validationFailed(schemaFaults(parsed.error.issues, pointer));
    }
    if (target.workflow === undefined) return undefined;
    const key = pinKey(target);
    const known = Object.hasOwn(pins, key) ? pins[key] : undefined;
    if (known) return known.definition;
    if (Object.keys(pins).length >= MAX_PINS)
      throw validationFailed([{ pointer, detail: `more than ${MAX_PINS} workflows are referred to` }]);
    try {
      const given = target.parameters ?? {};
      const { parameters: _, ...found } = await this.resolver.resolve(workspaceId, target.workflow, given, {
        parametersAreInput: true,
      });
      pins[key] = found;
      return found.definition;
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      if (error.type === workflowUnknown.type) throw validationFailed([{ pointer, detail: error.detail }]);
      throw error.with({ pointer, workflow: target.workflow });
    }
  }
}
