import type { ChatMessage } from '../../llm/chat-model.js';
import type { EdgeDefinition, GraphDefinition, NodeDefinition } from '../definition/definition.js';
import { resolveReferences, type ReferenceScope } from '../definition/reference.js';
import type { NodeEvent, NodeResult, RunIdentity } from '../node/node-type.js';
import type { RegisteredNodeType } from '../node/node.registry.js';
import { GraphState, type GraphUpdate } from './graph-state.js';
import { END, START, StateGraph, type LangGraphRunnableConfig } from './langgraph.js';
import { withinTime } from './node-time.js';

/** What the executor hears while a graph runs, in order. */
export type GraphEvent =
  | { readonly kind: 'nodeStart'; readonly node: NodeDefinition; readonly path: readonly string[] }
  | {
      readonly kind: 'nodeEnd';
      readonly node: NodeDefinition;
      readonly path: readonly string[];
      readonly status: 'succeeded' | 'failed';
      readonly durationMs: number;
      readonly output?: unknown;
    }
  | { readonly kind: 'node'; readonly path: readonly string[]; readonly event: NodeEvent };

export interface GraphExecution {
  readonly run: RunIdentity;
  readonly input: Readonly<Record<string, unknown>>;
  readonly messages: readonly ChatMessage[];
  /** Default time of a node, milliseconds. */
  readonly nodeTimeoutMs: number;
  readonly signal: AbortSignal;
}

export interface GraphOutcome {
  readonly output: unknown;
  readonly finishReason: string | undefined;
}

export interface CompiledGraph {
  /** Runs the graph; yields what happens and returns how it ended. Throws what a node threw. */
  run(execution: GraphExecution): AsyncGenerator<GraphEvent, GraphOutcome>;
}

/** Builds the LangGraph graph of a definition whose nodes are all of the given types (by node id). */
export function buildGraph(definition: GraphDefinition, types: ReadonlyMap<string, RegisteredNodeType>): CompiledGraph {
  // LangGraph's builder types track literal node names; ours are data.
  const builder = new StateGraph(GraphState) as unknown as DynamicBuilder;
  for (const node of definition.nodes) {
    const type = types.get(node.id);
    if (type) builder.addNode(node.id, nodeFunction(node, type));
  }
  const targets = new Set(definition.edges.map(({ to }) => to));
  for (const { id } of definition.nodes) {
    if (!targets.has(id)) builder.addEdge(START, id);
    connect(
      builder,
      id,
      definition.edges.filter(({ from }) => from === id),
    );
  }
  const graph = builder.compile();
  const recursionLimit = definition.nodes.length * 2 + 5;

  return {
    async *run(execution) {
      const stream = await graph.stream(
        { messages: execution.messages },
        { streamMode: ['custom', 'values'], configurable: { execution }, signal: execution.signal, recursionLimit },
      );
      let state: GraphState | undefined;
      for await (const [mode, payload] of stream) {
        if (mode === 'custom') yield payload as GraphEvent;
        else state = payload as GraphState;
      }
      const scope = scopeOf(state ?? EMPTY, execution);
      const output = definition.output === undefined ? scope.variables : resolveReferences(definition.output, scope);
      return { output, finishReason: state?.finishReason };
    },
  };
}

interface DynamicBuilder {
  addNode(id: string, run: (state: GraphState, config: LangGraphRunnableConfig) => Promise<GraphUpdate>): unknown;
  addEdge(from: string, to: string): unknown;
  addConditionalEdges(from: string, route: (state: GraphState) => string[], targets: string[]): unknown;
  compile(): {
    stream(input: GraphUpdate, options: Record<string, unknown>): Promise<AsyncIterable<readonly [string, unknown]>>;
  };
}

const EMPTY: GraphState = { variables: {}, nodes: {}, ports: {}, messages: [], finishReason: undefined };

/** A node whose edges all leave `next` is joined directly; any other by the port it left. */
function connect(builder: DynamicBuilder, from: string, edges: readonly EdgeDefinition[]): void {
  if (edges.length === 0) builder.addEdge(from, END);
  else if (edges.every(({ port }) => port === 'next')) for (const { to } of edges) builder.addEdge(from, to);
  else {
    const route = (state: GraphState) => {
      const taken = edges.filter(({ port }) => port === (state.ports[from] ?? 'next')).map(({ to }) => to);
      return taken.length > 0 ? taken : [END];
    };
    builder.addConditionalEdges(from, route, [...new Set(edges.map(({ to }) => to)), END]);
  }
}

function nodeFunction(node: NodeDefinition, type: RegisteredNodeType) {
  const constant = JSON.stringify(node.config).includes('{{') ? undefined : type.config.parse(node.config);
  return async (state: GraphState, config: LangGraphRunnableConfig): Promise<GraphUpdate> => {
    const execution = config.configurable?.execution as GraphExecution;
    const write = config.writer as (event: GraphEvent) => void;
    const path = [node.id];
    const startedAt = performance.now();
    let open = true;
    write({ kind: 'nodeStart', node, path });
    try {
      const result = await withinTime(node.timeoutMs ?? execution.nodeTimeoutMs, node.id, execution.signal, (signal) =>
        type.executor.execute({
          nodeId: node.id,
          config: constant ?? type.config.parse(resolveReferences(node.config, scopeOf(state, execution))),
          run: execution.run,
          input: execution.input,
          messages: state.messages,
          signal,
          emit: (event) => open && write({ kind: 'node', path, event }),
        }),
      );
      write({
        kind: 'nodeEnd',
        node,
        path,
        status: 'succeeded',
        durationMs: elapsed(startedAt),
        output: result.output,
      });
      return updateOf(node.id, result);
    } catch (error) {
      write({ kind: 'nodeEnd', node, path, status: 'failed', durationMs: elapsed(startedAt) });
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
