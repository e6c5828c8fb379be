import { Injectable } from '@nestjs/common';
import { validationFailed } from '../../platform/problem/http.errors.js';
import type { FieldFault } from '../../platform/problem/problem.js';
import { GraphDefinition, type Definition, type NodeDefinition } from '../definition/definition.js';
import { NodeRegistry, type RegisteredNodeType } from '../node/node.registry.js';
import { requirementsUnmet } from '../workflow.errors.js';
import type { CompiledGraph } from './compiled-graph.js';

const MAX_COMPILED = 500;

/** Definition -> LangGraph graph, kept by content hash. */
@Injectable()
export class GraphCompiler {
  /** Oldest use first. */
  private readonly compiled = new Map<string, Promise<CompiledGraph>>();

  constructor(private readonly types: NodeRegistry) {}

  /** @throws Problem when the definition is not valid, naming every fault */
  compile(hash: string, definition: Definition): Promise<CompiledGraph> {
    const known = this.compiled.get(hash);
    const graph = known ?? this.build(definition);
    this.compiled.delete(hash);
    this.compiled.set(hash, graph);
    if (!known) {
      graph.catch(() => this.compiled.delete(hash));
      const [oldest] = this.compiled.keys();
      if (this.compiled.size > MAX_COMPILED && oldest !== undefined) this.compiled.delete(oldest);
    }
    return graph;
  }

  private async build(definition: Definition): Promise<CompiledGraph> {
    const parsed = GraphDefinition.safeParse(definition);
    if (!parsed.success) {
      throw validationFailed(
        parsed.error.issues.map(({ path, message }) => ({ pointer: pointerOf(path), detail: message })),
      );
    }
    const types = this.typesOf(parsed.data);
    const { buildGraph } = await import('./compiled-graph.js');
    return buildGraph(parsed.data, types);
  }

  private typesOf({ nodes, edges }: GraphDefinition): ReadonlyMap<string, RegisteredNodeType> {
    const types = new Map<string, RegisteredNodeType>();
    const missing = nodes.filter(({ type }) => !this.types.get(type)).map(({ type }) => type);
    if (missing.length > 0) {
      throw requirementsUnmet(`This server has no node type ${[...new Set(missing)].join(', ')}.`, {
        extensions: { missingNodeTypes: [...new Set(missing)] },
      });
    }
    const faults = nodes.flatMap((node, index) => this.faultsOf(node, index, types));
    faults.push(...edges.flatMap(({ from, to }, index) => danglingEnds(index, from, to, types)));
    if (faults.length > 0) throw validationFailed(faults);
    return types;
  }

  private faultsOf(node: NodeDefinition, index: number, types: Map<string, RegisteredNodeType>): FieldFault[] {
    const type = this.types.get(node.type);
    if (!type) return [];
    if (types.has(node.id)) return [{ pointer: `/nodes/${index}/id`, detail: `"${node.id}" is used by another node` }];
    types.set(node.id, type);
    const config = type.config.safeParse(node.config);
    if (config.success) return [];
    return config.error.issues
      .filter(({ path }) => !isReferred(node.config, path))
      .map(({ path, message }) => ({ pointer: `/nodes/${index}/config${pointerOf(path)}`, detail: message }));
  }
}

function danglingEnds(index: number, from: string, to: string, nodes: ReadonlyMap<string, unknown>): FieldFault[] {
  return [
    ...(nodes.has(from) ? [] : [{ pointer: `/edges/${index}/from`, detail: `there is no node "${from}"` }]),
    ...(nodes.has(to) ? [] : [{ pointer: `/edges/${index}/to`, detail: `there is no node "${to}"` }]),
  ];
}

/** What a reference stands for is known, and checked, only when the node runs. */
function isReferred(config: unknown, path: readonly PropertyKey[]): boolean {
  const value = path.reduce<unknown>(
    (outer, name) =>
      typeof outer === 'object' && outer !== null && Object.hasOwn(outer, name)
        ? (outer as Record<PropertyKey, unknown>)[name]
        : undefined,
    config,
  );
  return typeof value === 'string' && value.includes('{{');
}

const pointerOf = (path: readonly PropertyKey[]): string => path.map((part) => `/${String(part)}`).join('');
