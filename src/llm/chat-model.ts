/** The contract every model stands behind: one request in, batches of deltas out. Knows no provider and no framework. */

export interface ToolCall {
  readonly id: string;
  readonly name: string;
  /** The model's JSON text, unparsed: it may be malformed. */
  readonly arguments: string;
}

export type ChatMessage =
  | { readonly role: 'system' | 'user'; readonly content: string }
  | { readonly role: 'assistant'; readonly content: string; readonly toolCalls?: readonly ToolCall[] }
  | { readonly role: 'tool'; readonly content: string; readonly toolCallId: string; readonly name: string };

export interface ToolSpecification {
  readonly name: string;
  readonly description: string;
  /** JSON Schema of the arguments object. */
  readonly parameters: Readonly<Record<string, unknown>>;
}

/** A numbered source the answer may cite. */
export interface ContextSource {
  readonly index: number;
  readonly title: string;
  readonly text: string;
}

export interface ChatRequest {
  /** The model's name at its provider, without the provider's prefix. */
  readonly model: string;
  readonly messages: readonly ChatMessage[];
  readonly temperature?: number;
  readonly maxTokens?: number;
  readonly tools?: readonly ToolSpecification[];
  /** JSON Schema the answer must follow (structured output). */
  readonly schema?: Readonly<Record<string, unknown>>;
  /** A workspace's own key for the provider, instead of the server's. */
  readonly apiKey?: string;
  /** Ends the call; the stream then throws the signal's reason. */
  readonly signal: AbortSignal;
}

export interface TokenUsage {
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly totalTokens: number;
  /** The part of `inputTokens` that the provider read from its prompt cache, when it says so: it is cheaper. */
  readonly cachedInputTokens?: number;
  /** The provider reported nothing; the figures are counted here with a general tokenizer. */
  readonly estimated?: true;
}

export type FinishReason = 'stop' | 'length' | 'toolCalls' | 'contentFilter';

export type ChatDelta =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'thinking'; readonly text: string }
  /** A piece of one tool call: the first piece of an index carries id and name, the pieces' `arguments` concatenate. */
  | {
      readonly type: 'toolCall';
      readonly index: number;
      readonly id?: string;
      readonly name?: string;
      readonly arguments: string;
    }
  | { readonly type: 'usage'; readonly usage: TokenUsage }
  | { readonly type: 'finish'; readonly reason: FinishReason };

/**
 * One model call. Yields what one upstream read brought as one batch, in order; ends with `finish` (and `usage` when the
 * provider reports it). A call that breaks off before `finish` throws. Every failure is a `Problem` of `llm.errors.ts`;
 * an abort throws `signal.reason`.
 */
export interface ChatModel {
  stream(request: ChatRequest): AsyncIterable<readonly ChatDelta[]>;
}
