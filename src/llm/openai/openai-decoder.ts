import type { ChatDelta, FinishReason, TokenUsage } from '../chat-model.js';
import { SseParser } from '../wire/sse-parser.js';
import { ToolCallPieces } from '../wire/tool-call-pieces.js';
import { reportedFailure, type Upstream } from '../wire/upstream-failure.js';
import { MAX_EVENT_LENGTH, type WireDecoder } from '../wire/wire-protocol.js';

/** A chunk as far as it is believed: each field is checked where it is used; a schema would cost more than the parse. */
interface Chunk {
  readonly choices?: readonly { readonly delta?: Delta | null; readonly finish_reason?: unknown }[] | null;
  readonly usage?: Usage | null;
  readonly error?: { readonly code?: unknown; readonly status?: unknown } | null;
}

interface Delta {
  readonly content?: unknown;
  readonly refusal?: unknown;
  readonly reasoning_content?: unknown;
  readonly reasoning?: unknown;
  readonly tool_calls?: readonly ToolPiece[] | null;
}

interface ToolPiece {
  readonly index?: number;
  readonly id?: string | null;
  readonly function?: { readonly name?: string | null; readonly arguments?: unknown } | null;
}

interface Usage {
  readonly prompt_tokens?: unknown;
  readonly completion_tokens?: unknown;
  readonly total_tokens?: unknown;
  readonly prompt_tokens_details?: { readonly cached_tokens?: unknown } | null;
}

const FINISH_REASONS: ReadonlyMap<unknown, FinishReason> = new Map([
  ['stop', 'stop'],
  ['length', 'length'],
  ['tool_calls', 'toolCalls'],
  ['function_call', 'toolCalls'],
  ['content_filter', 'contentFilter'],
]);

/** Reads the stream of a chat completion. `finish` comes with `[DONE]` (or the end), because the usage follows the finish reason. */
export class OpenAIDecoder implements WireDecoder {
  finished = false;
  private readonly calls = new ToolCallPieces();
  private readonly events = new SseParser((data) => this.onData(data), MAX_EVENT_LENGTH);
  private into: ChatDelta[] = [];
  private usage: TokenUsage | undefined;
  private reason: FinishReason | undefined;

  constructor(private readonly upstream: Upstream) {}

  read(bytes: Uint8Array, into: ChatDelta[]): void {
    this.into = into;
    this.events.push(bytes);
  }

  end(into: ChatDelta[]): void {
    this.into = into;
    this.events.end();
    if (this.reason !== undefined) this.finish();
  }

  private onData(data: string): void {
    if (this.finished) return;
    if (data === '[DONE]') return this.finish();
    const chunk = JSON.parse(data) as Chunk | null;
    if (typeof chunk !== 'object' || chunk === null) return;
    if (chunk.error) throw reportedFailure(this.upstream, Number(chunk.error.status ?? chunk.error.code), data);
    if (chunk.usage) this.usage = tokenUsage(chunk.usage);
    const choice = chunk.choices?.[0];
    if (choice === undefined) return;
    if (choice.delta) this.onDelta(choice.delta);
    if (choice.finish_reason) this.reason = FINISH_REASONS.get(choice.finish_reason) ?? 'stop';
  }

  private onDelta(delta: Delta): void {
    const text = delta.content ?? delta.refusal;
    const thinking = delta.reasoning_content ?? delta.reasoning;
    if (typeof thinking === 'string' && thinking !== '') this.into.push({ type: 'thinking', text: thinking });
    if (typeof text === 'string' && text !== '') this.into.push({ type: 'text', text });
    for (const { index, id, function: called } of delta.tool_calls ?? []) {
      const args = called?.arguments ?? '';
      const json = typeof args === 'string' ? args : JSON.stringify(args);
      this.calls.piece(index, id ?? undefined, called?.name ?? undefined, json, this.into);
    }
  }

  private finish(): void {
    if (this.finished) return;
    this.finished = true;
    this.calls.end(this.into);
    if (this.usage) this.into.push({ type: 'usage', usage: this.usage });
    const reason = this.reason ?? 'stop';
    this.into.push({ type: 'finish', reason: reason === 'stop' && this.calls.any ? 'toolCalls' : reason });
  }
}

function tokenUsage({
  prompt_tokens,
  completion_tokens,
  total_tokens,
  prompt_tokens_details,
}: Usage): TokenUsage | undefined {
  const inputTokens = count(prompt_tokens);
  const outputTokens = count(completion_tokens);
  if (inputTokens === undefined || outputTokens === undefined) return undefined;
  const cachedInputTokens = count(prompt_tokens_details?.cached_tokens);
  return {
    inputTokens,
    outputTokens,
    totalTokens: count(total_tokens) ?? inputTokens + outputTokens,
    ...(cachedInputTokens ? { cachedInputTokens } : {}),
  };
}

function count(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : undefined;
}
