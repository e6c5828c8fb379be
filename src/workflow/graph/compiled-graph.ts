import type { EdgeDefinition, GraphDefinition, NodeDefinition } from '../definition/definition.js';
import { filledInput } from '../definition/filled-input.js';
import { resolveReferences } from '../definition/reference.js';
import type { RegisteredNodeType } from '../node/node.registry.js';
import { MEETING, runRegion, type RegionNode } from './branching.js';
import type { CompiledGraph, CompiledTarget, GraphExecution } from './execution.js';
import { GraphState, merged, NOTHING_YET, type GraphUpdate } from './graph-state.js';
import { END, START, StateGraph, type LangGraphRunnableConfig } from './langgraph.js';
import { regionsOf, type Region } from './region.js';
import { segmentsOf } from './segment.js';
import { scopeOf, stepOf, type Branches, type Step } from './step.js';

/** What a definition's nodes are made of. */
export interface GraphParts {
  readonly definition: GraphDefinition;
  /** By node id. */
  readonly types: ReadonlyMap<string, RegisteredNodeType>;
  /** By node id, then by the pointer inside the node's configuration. */
  readonly targets?: ReadonlyMap<string, ReadonlyMap<string, CompiledTarget>>;
  /** Its one node stands for the definition as a whole, and is not seen. */
  readonly hidden?: boolean;
}

/** Builds the LangGraph graph of a definition: lines of nodes as they are, branches side by side as one node of it. */
export function buildGraph(parts: GraphParts): CompiledGraph {
  const { definition } = parts;
  // LangGraph's builder types track literal node names; ours are data.
  const builder = new StateGraph(GraphState) as unknown as DynamicBuilder;
  const units = unitsOf(parts);
  const heads = new Map(units.flatMap(({ name, heads }) => heads.map((head) => [head, name])));
  const entered = new Set(units.flatMap(({ exits }) => exits.map(({ to }) => to)));
  for (const { name, work, exits, heads: own, isDirect } of units) {
    builder.addNode(name, tracked(work));
    if (own.every((head) => !entered.has(head))) builder.addEdge(START, name);
    connect(builder, name, exits, heads, isDirect);
  }
  const graph = builder.compile();
  const recursionLimit = units.length + 5;
  const line = units.length === 1 ? units[0] : undefined;

  return {
    async run(given) {
      const { host } = given;
      const stop = new AbortController();
      const input = filledInput(definition.input, given.input);
      const execution = { ...given, input, signal: AbortSignal.any([given.signal, stop.signal]) };
      const running = new Set<Promise<unknown>>();
      const configurable = { execution, running } satisfies Configurable;
      host.busy(1);
      try {
        const begun = { messages: execution.messages, variables: execution.variables };
        // Inside a node there may be thousands of executions: a body that is one line spares each LangGraph's half
        // millisecond, which is most of what it costs.
        const isLine = line !== undefined && execution.path.length > 0;
        const ended = isLine
          ? runLine(line, begun, configurable)
          : graph.invoke(begun, { configurable, recursionLimit });
        const state = await ended.catch(async (error: unknown) => {
          stop.abort(error);
          await Promise.allSettled(running);
          throw error;
        });
        const output = outputOf(definition, state, execution);
        return { output, variables: state.variables, finishReason: state.finishReason };
      } finally {
        host.busy(-1);
      }
    },
  };
}

interface DynamicBuilder {
  addNode(id: string, run: (state: GraphState, config: LangGraphRunnableConfig) => Promise<GraphUpdate>): unknown;
  addEdge(from: string, to: string): unknown;
  addConditionalEdges(from: string, route: (state: GraphState) => string[], targets: string[]): unknown;
  compile(): { invoke(input: GraphUpdate, options: Record<string, unknown>): Promise<GraphState> };
}

/** What LangGraph hands to every node of one execution. */
interface Configurable {
  readonly execution: GraphExecution;
  /** The units that run now. */
  readonly running: Set<Promise<unknown>>;
}

type Work = (state: GraphState, execution: GraphExecution) => Promise<GraphUpdate>;

/** A node of the LangGraph graph: a line of nodes, or a region. */
interface Unit {
  readonly name: string;
  /** The nodes it is entered by. */
  readonly heads: readonly string[];
  readonly work: Work;
  readonly exits: readonly EdgeDefinition[];
  /** It is left by `next`, however it ends. */
  readonly isDirect: boolean;
}

/** What LangGraph calls a unit: never as one of the state's members, nor as something every object has. */
const lineName = (id: string): string => `node-${id}`;
const regionName = (index: number): string => `branches-${index}`;

function unitsOf(parts: GraphParts): readonly Unit[] {
  const { definition, types } = parts;
  const { nodes, edges } = definition;
  const steps = stepsOf(parts);
  const regions = regionsOf(definition);
  const inRegion = new Set(regions.flatMap((region) => region.nodes));
  const outside = {
    ...definition,
    nodes: nodes.filter(({ id }) => !inRegion.has(id)),
    edges: edges.filter(({ from, to }) => !inRegion.has(from) && !inRegion.has(to)),
  };
  const direct = new Set(nodes.filter((node) => leavesByNext(node, types.get(node.id))).map(({ id }) => id));
  const isPure = (id: string): boolean =>
    types.get(id)?.pure === true && direct.has(id) && edges.every(({ from, to }) => from !== id || !inRegion.has(to));
  const lines = segmentsOf(outside, isPure).map(({ head, nodes: line }): Unit => {
    const last = line.at(-1)?.id ?? head;
    return {
      name: lineName(head),
      heads: [head],
      work: lineOf(line.flatMap(({ id }) => steps.get(id) ?? [])),
      exits: edges.filter(({ from }) => from === last),
      isDirect: direct.has(last),
    };
  });
  const parted = regions.map((region, index): Unit => ({
    name: regionName(index),
    heads: [...new Set(region.entries.map(({ to }) => to))],
    work: regionOf(region, steps, parts),
    exits: edges.filter(({ from }) => from === region.exit),
    isDirect: false,
  }));
  return [...lines, ...parted];
}

const leavesByNext = ({ onError }: NodeDefinition, type: RegisteredNodeType | undefined): boolean =>
  typeof onError !== 'object' && Array.isArray(type?.ports) && type.ports.every((port) => port === 'next');

function stepsOf({ definition, types, targets, hidden = false }: GraphParts): ReadonlyMap<string, Step> {
  const ports = Map.groupBy(definition.edges, ({ from }) => from);
  const entries = Map.groupBy(definition.edges, ({ to }) => to);
  return new Map(
    definition.nodes.flatMap((node, index): [string, Step][] => {
      const type = types.get(node.id);
      if (!type) return [];
      const step = stepOf({
        node,
        type,
        pointer: `/nodes/${index}/config`,
        targets: targets?.get(node.id) ?? new Map(),
        usedPorts: new Set(ports.get(node.id)?.map(({ port }) => port)),
        hidden,
      });
      const into = entries.get(node.id) ?? [];
      const reaching: Step = async (state, execution, branches = cameFrom(into, state)) => {
        const update = await step(state, execution, branches);
        const { reached } = execution;
        if (reached && update.variables) reached.variables = { ...reached.variables, ...update.variables };
        return update;
      };
      return [[node.id, reaching]];
    }),
  );
}

/** The branches that have led to a node on a line: at most one. */
function cameFrom(into: readonly EdgeDefinition[], state: GraphState): Branches {
  const taken = into.filter(({ from, port }) => Object.hasOwn(state.ports, from) && state.ports[from] === port);
  return Object.fromEntries(
    taken.map(({ from }) => [from, { status: 'succeeded', output: state.nodes[from]?.output }] as const),
  );
}

/** A straight line of nodes, one after the other. */
function lineOf(steps: readonly Step[]): Work {
  return async (state, execution) => {
    let now = state;
    let sum: GraphUpdate = {};
    for (const step of steps) {
      const update = await step(now, execution);
      now = merged(now, update);
      sum = both(sum, update);
    }
    return sum;
  };
}

const both = (left: GraphUpdate, right: GraphUpdate): GraphUpdate => ({
  ...left,
  ...right,
  variables: { ...left.variables, ...right.variables },
  nodes: { ...left.nodes, ...right.nodes },
  ends: { ...left.ends, ...right.ends },
  ports: { ...left.ports, ...right.ports },
});

function regionOf(region: Region, steps: ReadonlyMap<string, Step>, { definition, types }: GraphParts): Work {
  const nodes = new Map(
    definition.nodes.flatMap(({ id, config }): [string, RegionNode][] => {
      const step = steps.get(id);
      return step && region.nodes.includes(id)
        ? [[id, { step, gathering: types.get(id)?.gathering?.(config) ?? MEETING }]]
        : [];
    }),
  );
  return (state, execution) => runRegion(region, nodes, state, execution);
}

/** What LangGraph would make of a graph of one unit. */
async function runLine({ work }: Unit, begun: GraphUpdate, configurable: Configurable): Promise<GraphState> {
  const state = merged(NOTHING_YET, begun);
  return merged(state, await tracked(work)(state, { configurable }));
}

/** Runs a unit so that whoever ends the graph can wait for it. */
function tracked(work: Work) {
  return async (state: GraphState, config: Pick<LangGraphRunnableConfig, 'configurable'>): Promise<GraphUpdate> => {
    const { execution, running } = config.configurable as unknown as Configurable;
    const done = work(state, execution);
    running.add(done);
    try {
      return await done;
    } finally {
      running.delete(done);
    }
  };
}

/** A unit that is always left by `next` is joined directly; any other by the port its last node left. */
function connect(
  builder: DynamicBuilder,
  name: string,
  exits: readonly EdgeDefinition[],
  heads: ReadonlyMap<string, string>,
  isDirect: boolean,
): void {
  const unitOf = ({ to }: EdgeDefinition): string => heads.get(to) ?? END;
  const units = [...new Set(exits.map(unitOf))];
  if (exits.length === 0) builder.addEdge(name, END);
  else if (isDirect && units.length === 1) builder.addEdge(name, units[0] ?? END);
  else {
    const route = (state: GraphState): string[] => {
      const taken = exits.filter(({ from, port }) => Object.hasOwn(state.ports, from) && port === state.ports[from]);
      return taken.length > 0 ? [...new Set(taken.map(unitOf))] : [END];
    };
    builder.addConditionalEdges(name, route, [...units, END]);
  }
}

/** What an `end` gave (the last of them in the order of the definition), else the definition's output, else all variables. */
function outputOf(definition: GraphDefinition, state: GraphState, execution: GraphExecution): unknown {
  for (const { id } of definition.nodes.toReversed()) {
    const end = Object.hasOwn(state.ends, id) ? state.ends[id] : undefined;
    if (end?.output !== undefined) return end.output;
  }
  return definition.output === undefined
    ? state.variables
    : resolveReferences(definition.output, scopeOf(state, execution));
}
