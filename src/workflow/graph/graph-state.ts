import type { ChatMessage } from '../../llm/chat-model.js';
import { Annotation } from './langgraph.js';

type Merged<Value> = Readonly<Record<string, Value>>;

const byKey = <Value>() =>
  Annotation<Merged<Value>, Merged<Value>>({
    reducer: (left, right) => ({ ...left, ...right }),
    default: () => ({}),
  });

/** What flows through a compiled graph. Parallel branches merge by key, never by overwriting a snapshot. */
export const GraphState = Annotation.Root({
  variables: byKey<unknown>(),
  nodes: byKey<{ readonly output: unknown }>(),
  /** What ended paths, by the node that did. */
  ends: byKey<{ readonly output?: unknown }>(),
  /** The port each node left by. */
  ports: byKey<string>(),
  messages: Annotation<readonly ChatMessage[]>({ reducer: (_, right) => right, default: () => [] }),
  finishReason: Annotation<string | undefined>({ reducer: (_, right) => right, default: () => undefined }),
});

export type GraphState = typeof GraphState.State;
/** What a step changes. */
export type GraphUpdate = Partial<GraphState>;

/** The state that a graph begins with: its channels' defaults. */
export const NOTHING_YET: GraphState = {
  variables: {},
  nodes: {},
  ends: {},
  ports: {},
  messages: [],
  finishReason: undefined,
};

/** `left` changed by `right`, as the graph's reducers would. */
export const merged = (left: GraphState, right: GraphUpdate): GraphState => ({
  ...left,
  ...right,
  variables: { ...left.variables, ...right.variables },
  nodes: { ...left.nodes, ...right.nodes },
  ends: { ...left.ends, ...right.ends },
  ports: { ...left.ports, ...right.ports },
});
