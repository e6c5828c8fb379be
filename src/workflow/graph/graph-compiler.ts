import { Injectable, Optional } from '@nestjs/common';
import { CacheCounters, type CacheTally } from '../../platform/cache/cache-counters.js';
import { validationFailed } from '../../platform/problem/http.errors.js';
import type { FieldFault } from '../../platform/problem/problem.js';
import { asGraph } from '../definition/as-graph.js';
import { pinKey, type Bundle, type PinnedWorkflow } from '../definition/bundle.js';
import { cyclicEdges } from '../definition/cycle.js';
import { Definition, type GraphDefinition, type NodeDefinition } from '../definition/definition.js';
import { definitionHash } from '../definition/definition-hash.js';
import { schemaFaults } from '../definition/schema-faults.js';
import type { TargetSite } from '../node/node-type.js';
import { placeOf } from '../node/body/body.js';
import { portsWithFailure } from '../node/node-ports.js';
import { NodeRegistry, type RegisteredNodeType } from '../node/node.registry.js';
import { requirementsUnmet } from '../workflow.errors.js';
import type { CompiledGraph, CompiledTarget } from './execution.js';
import { configFaults } from './node-config.js';

const MAX_COMPILED = 500;

/** How deep workflows may be inside workflows. */
export const MAX_DEPTH = 5;

type Pins = Bundle['pins'];
type BuildGraph = typeof import('./compiled-graph.js').buildGraph;

/** Definition -> LangGraph graph, kept by content hash. */
@Injectable()
export class GraphCompiler {
  /** Oldest use first. */
  private readonly compiled = new Map<string, Promise<CompiledGraph>>();

  private readonly tally: CacheTally;

  constructor(
    private readonly types: NodeRegistry,
    @Optional() counters: CacheCounters = new CacheCounters(),
  ) {
    this.tally = counters.join(() => this.compiled.size);
  }

  /** @throws Problem when the definition is not valid, naming every fault */
  compile(hash: string, bundle: Bundle): Promise<CompiledGraph> {
    const known = this.compiled.get(hash);
    const graph = known ?? this.build(bundle);
    if (known) this.tally.hit();
    else this.tally.miss();
    this.compiled.delete(hash);
    this.compiled.set(hash, graph);
    if (!known) {
      graph.catch(() => this.compiled.delete(hash));
      const [oldest] = this.compiled.keys();
      if (this.compiled.size > MAX_COMPILED && oldest !== undefined) {
        this.compiled.delete(oldest);
        this.tally.evicted();
      }
    }
    return graph;
  }

  private async build({ definition, pins }: Bundle): Promise<CompiledGraph> {
    const { buildGraph } = await import('./compiled-graph.js');
    return this.buildAt(definition, pins, '', 0, buildGraph);
  }

  private buildAt(
    given: Definition,
    pins: Pins,
    pointer: string,
    depth: number,
    buildGraph: BuildGraph,
  ): CompiledGraph {
    if (depth > MAX_DEPTH)
      throw validationFailed([{ pointer, detail: `is more than ${MAX_DEPTH} workflows deep inside others` }]);
    const parsed = Definition.safeParse(given);
    if (!parsed.success) throw validationFailed(schemaFaults(parsed.error.issues, pointer));
    const { graph, isOneNode } = asGraph(parsed.data);
    const at = (index: number): string => (isOneNode ? pointer : `${pointer}/nodes/${index}/config`);
    const types = this.typesOf(graph, pointer, at);
    const targets = new Map(
      graph.nodes.map((node, index) => {
        const sites = types.get(node.id)?.targets?.(node.config) ?? [];
        return [
          node.id,
          new Map(sites.map((site) => [site.pointer, this.targetOf(site, pins, at(index), depth, buildGraph)])),
        ] as const;
      }),
    );
    return buildGraph({ definition: graph, types, targets, hidden: isOneNode });
  }

  private targetOf(
    site: TargetSite,
    pins: Pins,
    configPointer: string,
    depth: number,
    buildGraph: BuildGraph,
  ): CompiledTarget {
    const { target } = site;
    const pointer = `${configPointer}${placeOf(site)}`;
    const key = pinKey(target);
    const known = Object.hasOwn(pins, key) ? pins[key] : undefined;
    const pinned: PinnedWorkflow | undefined = target.definition
      ? { definition: target.definition, name: target.definition.name }
      : known;
    if (!pinned) throw validationFailed([{ pointer, detail: `names no workflow that the run has pinned` }]);
    const { definition, id, name, version } = pinned;
    return {
      graph: this.buildAt(definition, pins, pointer, depth + 1, buildGraph),
      workflow: { id, name, version, hash: definitionHash(definition) },
      parameters: target.parameters ?? {},
      limits: definition.limits,
    };
  }

  private typesOf(
    definition: GraphDefinition,
    pointer: string,
    at: (index: number) => string,
  ): ReadonlyMap<string, RegisteredNodeType> {
    const { nodes } = definition;
    const types = new Map<string, RegisteredNodeType>();
    const missing = [...new Set(nodes.map(({ type }) => type))].filter((type) => !this.types.isUsable(type));
    if (missing.length > 0) {
      const lacks = missing.map((type) => {
        const need = this.types.get(type)?.executor.lacks?.();
        return need === undefined ? `the node type "${type}"` : `${need}, which the node type "${type}" needs`;
      });
      throw requirementsUnmet(`This server lacks ${lacks.join(' and ')}.`, {
        extensions: { missingNodeTypes: missing },
      });
    }
    const faults = nodes.flatMap((node, index) => this.faultsOf(node, `${pointer}/nodes/${index}`, at(index), types));
    faults.push(...edgeFaults(definition, types, pointer));
    if (faults.length > 0) throw validationFailed(faults);
    return types;
  }

  private faultsOf(
    node: NodeDefinition,
    pointer: string,
    configPointer: string,
    types: Map<string, RegisteredNodeType>,
  ): readonly FieldFault[] {
    const type = this.types.get(node.type);
    if (!type) return [];
    if (types.has(node.id)) return [{ pointer: `${pointer}/id`, detail: `"${node.id}" is used by another node` }];
    types.set(node.id, type);
    return configFaults(type.config, node.config, configPointer);
  }
}

function edgeFaults(
  definition: GraphDefinition,
  types: ReadonlyMap<string, RegisteredNodeType>,
  pointer: string,
): readonly FieldFault[] {
  const { edges } = definition;
  const ports = new Map(definition.nodes.map((node) => [node.id, portsOf(node, types)]));
  const cyclic = new Set(cyclicEdges(edges));
  return edges.flatMap((edge, index) => {
    const { from, to, port } = edge;
    const leaves = ports.get(from);
    const here = `${pointer}/edges/${index}`;
    return [
      ...(leaves ? [] : [{ pointer: `${here}/from`, detail: `there is no node "${from}"` }]),
      ...(ports.has(to) ? [] : [{ pointer: `${here}/to`, detail: `there is no node "${to}"` }]),
      ...(!leaves || leaves.includes(port)
        ? []
        : [{ pointer: `${here}/port`, detail: `node "${from}" has the ports ${leaves.join(', ')}` }]),
      ...(cyclic.has(edge) ? [{ pointer: here, detail: 'leads around in a circle' }] : []),
    ];
  });
}

function portsOf(
  { id, config, onError }: NodeDefinition,
  types: ReadonlyMap<string, RegisteredNodeType>,
): readonly string[] {
  const ports = types.get(id)?.ports ?? [];
  const own = typeof ports === 'function' ? ports(config) : ports;
  return portsWithFailure(own, onError);
}
