import { Injectable } from '@nestjs/common';
import { validationFailed } from '../../platform/problem/http.errors.js';
import type { FieldFault } from '../../platform/problem/problem.js';
import { cyclicEdges } from '../definition/cycle.js';
import { GraphDefinition, type Definition, type NodeDefinition } from '../definition/definition.js';
import { schemaFaults } from '../definition/schema-faults.js';
import { NodeRegistry, type RegisteredNodeType } from '../node/node.registry.js';
import { requirementsUnmet } from '../workflow.errors.js';
import type { CompiledGraph } from './compiled-graph.js';
import { configFaults } from './node-config.js';

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
      throw validationFailed(schemaFaults(parsed.error.issues));
    }
    const types = this.typesOf(parsed.data);
    const { buildGraph } = await import('./compiled-graph.js');
    return buildGraph(parsed.data, types);
  }

  private typesOf(definition: GraphDefinition): ReadonlyMap<string, RegisteredNodeType> {
    const { nodes } = definition;
    const types = new Map<string, RegisteredNodeType>();
    const missing = nodes.filter(({ type }) => !this.types.get(type)).map(({ type }) => type);
    if (missing.length > 0) {
      throw requirementsUnmet(`This server has no node type ${[...new Set(missing)].join(', ')}.`, {
        extensions: { missingNodeTypes: [...new Set(missing)] },
      });
    }
    const faults = nodes.flatMap((node, index) => this.faultsOf(node, index, types));
    faults.push(...edgeFaults(definition, types));
    if (faults.length > 0) throw validationFailed(faults);
    return types;
  }

  private faultsOf(node: NodeDefinition, index: number, types: Map<string, RegisteredNodeType>): readonly FieldFault[] {
    const type = this.types.get(node.type);
    if (!type) return [];
    if (types.has(node.id)) return [{ pointer: `/nodes/${index}/id`, detail: `"${node.id}" is used by another node` }];
    types.set(node.id, type);
    return configFaults(type.config, node.config, `/nodes/${index}/config`);
  }
}

function edgeFaults(
  definition: GraphDefinition,
  types: ReadonlyMap<string, RegisteredNodeType>,
): readonly FieldFault[] {
  const { edges } = definition;
  const ports = new Map(definition.nodes.map((node) => [node.id, portsOf(node, types)]));
  const cyclic = new Set(cyclicEdges(edges));
  return edges.flatMap((edge, index) => {
    const { from, to, port } = edge;
    const leaves = ports.get(from);
    return [
      ...(leaves ? [] : [{ pointer: `/edges/${index}/from`, detail: `there is no node "${from}"` }]),
      ...(ports.has(to) ? [] : [{ pointer: `/edges/${index}/to`, detail: `there is no node "${to}"` }]),
      ...(!leaves || leaves.includes(port)
        ? []
        : [{ pointer: `/edges/${index}/port`, detail: `node "${from}" has the ports ${leaves.join(', ')}` }]),
      ...(cyclic.has(edge) ? [{ pointer: `/edges/${index}`, detail: 'leads around in a circle' }] : []),
    ];
  });
}

function portsOf({ id, config }: NodeDefinition, types: ReadonlyMap<string, RegisteredNodeType>): readonly string[] {
  const ports = types.get(id)?.ports ?? [];
  return typeof ports === 'function' ? ports(config) : ports;
}
