import type { ChatMessage } from '../../llm/chat-model.js';
import type { EdgeDefinition, GraphDefinition, NodeDefinition } from '../definition/definition.js';
import type { ReferenceScope } from '../definition/lookup.js';
import { holdsReference, resolveReferences } from '../definition/reference.js';
import type { NodeEvent, NodeResult, RunIdentity } from '../node/node-type.js';
import type { RegisteredNodeType } from '../node/node.registry.js';
import { GraphState, type GraphUpdate } from './graph-state.js';
import { END, START, StateGraph, type LangGraphRunnableConfig } from './langgraph.js';
import { parsedConfig } from './node-config.js';
import { withinTime } from './node-time.js';
import { segmentsOf } from './segment.js';

/** What happens while a graph runs. */
export type GraphEvent =
  | { readonly kind: 'nodeStart'; readonly node: NodeDefinition; readonly path: readonly string[] }
  | {
      readonly kind: 'nodeEnd';
      readonly node: NodeDefinition;
      readonly path: readonly string[];
      readonly status: 'succeeded' | 'failed';
      readonly durationMs: number;
      readonly output?: unknown;
      readonly explanation?: unknown;
    }
  | { readonly kind: 'node'; readonly path: readonly string[]; readonly event: NodeEvent };

export interface GraphExecution {
  readonly run: RunIdentity;
  readonly input: Readonly<Record<string, unknown>>;
  readonly messages: readonly ChatMessage[];
  /** Default time of a node, milliseconds. */
  readonly nodeTimeoutMs: number;
  readonly signal: AbortSignal;
  /**
   * Hears what happens, in order and at once. Not LangGraph's own stream of custom events: that drops what is still
   * unread when a node throws.
   */
  readonly tell: (event: GraphEvent) => void;
  /** What to wait for before telling more, when the listener does not keep up. */
  readonly room: () => Promise<void> | undefined;
}

export interface GraphOutcome {
  readonly output: unknown;
  readonly finishReason: string | undefined;
}

export interface CompiledGraph {
  /** Runs the graph to its end. Throws what a node threw, once the branches beside it are stopped. */
  run(execution: GraphExecution): Promise<GraphOutcome>;
}

type Types = ReadonlyMap<string, RegisteredNodeType>;

/** Builds the LangGraph graph of a definition whose nodes are all of the given types (by node id). */
export function buildGraph(definition: GraphDefinition, types: Types): CompiledGraph {
  // LangGraph's builder types track literal node names; ours are data.
  const builder = new StateGraph(GraphState) as unknown as DynamicBuilder;
  const targets = new Set(definition.edges.map(({ to }) => to));
  const pointers = new Map(definition.nodes.map(({ id }, index) => [id, `/nodes/${index}/config`]));
  for (const { head, nodes, exits } of segmentsOf(definition, (id) => types.get(id)?.pure === true)) {
    builder.addNode(nameOf(head), segmentFunction(nodes, types, pointers));
    if (!targets.has(head)) builder.addEdge(START, nameOf(head));
    connect(builder, nameOf(head), exits);
  }
  const graph = builder.compile();
  const recursionLimit = definition.nodes.length * 2 + 5;

  return {
    async run(given) {
      const stop = new AbortController();
      const execution = { ...given, signal: AbortSignal.any([given.signal, stop.signal]) };
      const running = new Set<Promise<unknown>>();
      const configurable = { execution, running } satisfies Configurable;
      const ended = graph.invoke({ messages: execution.messages }, { configurable, recursionLimit });
      const state = await ended.catch(async (error: unknown) => {
        stop.abort(error);
        await Promise.allSettled(running);
        throw error;
      });
      const scope = scopeOf(state, execution);
      const output = definition.output === undefined ? scope.variables : resolveReferences(definition.output, scope);
      return { output, finishReason: state.finishReason };
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
  /** The segments that run now. */
  readonly running: Set<Promise<unknown>>;
}

/** What LangGraph calls a node: never as one of the state's members, nor as something every object has. */
const nameOf = (id: string): string => `node-${id}`;

/** A segment whose edges all leave `next` is joined directly; any other by the port its last node left. */
function connect(builder: DynamicBuilder, segment: string, exits: readonly EdgeDefinition[]): void {
  if (exits.length === 0) builder.addEdge(segment, END);
  else if (exits.every(({ port }) => port === 'next')) for (const { to } of exits) builder.addEdge(segment, nameOf(to));
  else {
    const route = (state: GraphState) => {
      const taken = exits
        .filter(({ from, port }) => port === (state.ports[from] ?? 'next'))
        .map(({ to }) => nameOf(to));
      return taken.length > 0 ? taken : [END];
    };
    builder.addConditionalEdges(segment, route, [...new Set(exits.map(({ to }) => nameOf(to))), END]);
  }
}

type Step = (state: GraphState, execution: GraphExecution) => Promise<GraphUpdate>;

/** The nodes of a segment, one after the other, as one LangGraph node. */
function segmentFunction(nodes: readonly NodeDefinition[], types: Types, pointers: ReadonlyMap<string, string>) {
  const steps = nodes.flatMap((node): Step[] => {
    const type = types.get(node.id);
    return type ? [stepOf(node, type, pointers.get(node.id) ?? '')] : [];
  });
  const run = async (state: GraphState, execution: GraphExecution): Promise<GraphUpdate> => {
    let sum: GraphUpdate = {};
    for (const step of steps) sum = merged(sum, await step(merged(state, sum) as GraphState, execution));
    return sum;
  };
  return async (state: GraphState, config: LangGraphRunnableConfig): Promise<GraphUpdate> => {
    const { execution, running } = config.configurable as unknown as Configurable;
    const work = run(state, execution);
    running.add(work);
    try {
      return await work;
    } finally {
      running.delete(work);
    }
  };
}

/** `left` changed by `right`, as the graph's reducers would. */
const merged = (left: GraphUpdate, right: GraphUpdate): GraphUpdate => ({
  ...left,
  ...right,
  variables: { ...left.variables, ...right.variables },
  nodes: { ...left.nodes, ...right.nodes },
  ports: { ...left.ports, ...right.ports },
});

function stepOf(node: NodeDefinition, type: RegisteredNodeType, pointer: string): Step {
  const constant = holdsReference(node.config) ? undefined : parsedConfig(type.config, node.config, pointer);
  const path = [node.id];
  return async (state, execution) => {
    const { tell, room } = execution;
    const startedAt = performance.now();
    const scope = scopeOf(state, execution);
    let open = true;
    tell({ kind: 'nodeStart', node, path });
    try {
      const result = await withinTime(node.timeoutMs ?? execution.nodeTimeoutMs, node.id, execution.signal, (signal) =>
        type.executor.execute({
          nodeId: node.id,
          config: constant ?? parsedConfig(type.config, resolveReferences(node.config, scope), pointer),
          run: execution.run,
          input: execution.input,
          scope,
          messages: state.messages,
          signal,
          emit: (event) => open && tell({ kind: 'node', path, event }),
          room,
        }),
      );
      const durationMs = elapsed(startedAt);
      tell({
        kind: 'nodeEnd',
        node,
        path,
        status: 'succeeded',
        durationMs,
        output: result.output,
        explanation: result.explanation,
      });
      return updateOf(node.id, result);
    } catch (error) {
      tell({ kind: 'nodeEnd', node, path, status: 'failed', durationMs: elapsed(startedAt) });
      throw error;
    } finally {
      open = false;
    }
  };
}

const elapsed = (since: number): number => Math.round(performance.now() - since);

function updateOf(id: string, result: NodeResult): GraphUpdate {
  return {
    nodes: { [id]: { output: result.output ?? null } },
    ports: { [id]: result.port ?? 'next' },
    ...(result.variables && { variables: result.variables }),
    ...(result.messages && { messages: result.messages }),
    ...(result.finishReason !== undefined && { finishReason: result.finishReason }),
  };
}

function scopeOf(state: GraphState, { input, run }: GraphExecution): ReferenceScope {
  return {
    input,
    variables: state.variables,
    nodes: state.nodes,
    conversation: run.conversationId === undefined ? undefined : { id: run.conversationId },
    user: { id: run.userId },
  };
}
