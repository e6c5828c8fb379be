import type { ChatMessage } from '../../llm/chat-model.js';
import { Annotation } from './langgraph.js';

type Merged<Value> = Readonly<Record<string, Value>>;

const merged = <Value>() =>
  Annotation<Merged<Value>, Merged<Value>>({
    reducer: (left, right) => ({ ...left, ...right }),
    default: () => ({}),
  });

/** What flows through a compiled graph. Parallel branches merge by key, never by overwriting a snapshot. */
export const GraphState = Annotation.Root({
  variables: merged<unknown>(),
  nodes: merged<{ readonly output: unknown }>(),
  /** The port each node left by. */
  ports: merged<string>(),
  messages: Annotation<readonly ChatMessage[]>({ reducer: (_, right) => right, default: () => [] }),
  finishReason: Annotation<string | undefined>({ reducer: (_, right) => right, default: () => undefined }),
});

export type GraphState = typeof GraphState.State;
export type GraphUpdate = typeof GraphState.Update;
