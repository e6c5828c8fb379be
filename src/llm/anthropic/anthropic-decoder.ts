import type { ChatDelta, FinishReason } from '../chat-model.js';
import { SseParser } from '../wire/sse-parser.js';
import { ToolCallPieces } from '../wire/tool-call-pieces.js';
import { reportedFailure, type Upstream } from '../wire/upstream-failure.js';
import { MAX_EVENT_LENGTH, type WireDecoder } from '../wire/wire-protocol.js';

/** An event as far as it is believed: each field is checked where it is used; a schema would cost more than the parse. */
interface StreamEvent {
  readonly type?: string;
  readonly index?: number;
  readonly message?: { readonly usage?: Usage | null } | null;
  readonly usage?: Usage | null;
  readonly content_block?: {
    readonly type?: string;
    readonly id?: string;
    readonly name?: string;
    readonly text?: string;
  } | null;
  readonly delta?: {
    readonly type?: string;
    readonly text?: string;
    readonly thinking?: string;
    readonly partial_json?: string;
    readonly stop_reason?: unknown;
  } | null;
  readonly error?: { readonly type?: unknown } | null;
}

interface Usage {
  readonly input_tokens?: number | null;
  readonly output_tokens?: number | null;
  readonly cache_read_input_tokens?: number | null;
  readonly cache_creation_input_tokens?: number | null;
}

const FINISH_REASONS: ReadonlyMap<unknown, FinishReason> = new Map([
  ['tool_use', 'toolCalls'],
  ['max_tokens', 'length'],
  ['model_context_window_exceeded', 'length'],
  ['refusal', 'contentFilter'],
]);

/** The HTTP status that an error event would have had as a response. */
const ERROR_STATUS: ReadonlyMap<unknown, number> = new Map([
  ['invalid_request_error', 400],
  ['authentication_error', 401],
  ['billing_error', 402],
  ['permission_error', 403],
  ['not_found_error', 404],
  ['request_too_large', 413],
  ['rate_limit_error', 429],
  ['api_error', 500],
  ['timeout_error', 504],
  ['overloaded_error', 529],
]);

/** Reads the event stream of a message. */
export class AnthropicDecoder implements WireDecoder {
  finished = false;
  private readonly calls = new ToolCallPieces();
  private readonly events = new SseParser((data) => this.onData(data), MAX_EVENT_LENGTH);
  private into: ChatDelta[] = [];
  private usage: Usage = {};
  private reason: FinishReason = 'stop';

  constructor(private readonly upstream: Upstream) {}

  read(bytes: Uint8Array, into: ChatDelta[]): void {
    this.into = into;
    this.events.push(bytes);
  }

  end(into: ChatDelta[]): void {
    this.into = into;
    this.events.end();
  }

  private onData(data: string): void {
    if (this.finished) return;
    const event = JSON.parse(data) as StreamEvent | null;
    switch (event?.type) {
      case 'content_block_delta':
        return this.onDelta(event);
      case 'content_block_start':
        return this.onBlock(event);
      case 'message_start':
        this.usage = { ...this.usage, ...event.message?.usage };
        return;
      case 'message_delta':
        if (event.usage) this.usage = merged(this.usage, event.usage);
        if (event.delta?.stop_reason) this.reason = FINISH_REASONS.get(event.delta.stop_reason) ?? 'stop';
        return;
      case 'message_stop':
        return this.finish();
      case 'error':
        throw reportedFailure(this.upstream, ERROR_STATUS.get(event.error?.type) ?? 500, data);
      default:
    }
  }

  private onBlock({ index, content_block: block }: StreamEvent): void {
    if (block?.type === 'tool_use') this.calls.piece(index, block.id, block.name, '', this.into);
    else if (block?.type === 'text' && block.text) this.into.push({ type: 'text', text: block.text });
  }

  private onDelta({ index, delta }: StreamEvent): void {
    if (delta?.type === 'text_delta' && delta.text) this.into.push({ type: 'text', text: delta.text });
    else if (delta?.type === 'thinking_delta' && delta.thinking)
      this.into.push({ type: 'thinking', text: delta.thinking });
    else if (delta?.type === 'input_json_delta')
      this.calls.piece(index, undefined, undefined, delta.partial_json ?? '', this.into);
  }

  private finish(): void {
    this.finished = true;
    this.calls.end(this.into);
    const { input_tokens, output_tokens, cache_read_input_tokens, cache_creation_input_tokens } = this.usage;
    if (typeof input_tokens === 'number' && typeof output_tokens === 'number') {
      const cachedInputTokens = cache_read_input_tokens ?? 0;
      // Anthropic counts what the cache served beside input_tokens, the contract counts it within.
      const inputTokens = input_tokens + cachedInputTokens + (cache_creation_input_tokens ?? 0);
      const usage = { inputTokens, outputTokens: output_tokens, totalTokens: inputTokens + output_tokens };
      this.into.push({ type: 'usage', usage: cachedInputTokens > 0 ? { ...usage, cachedInputTokens } : usage });
    }
    this.into.push({ type: 'finish', reason: this.reason });
  }
}

/** The later figures are cumulative; a figure that is absent or null keeps its earlier value. */
function merged(earlier: Usage, later: Usage): Usage {
  return { ...earlier, ...Object.fromEntries(Object.entries(later).filter(([, value]) => typeof value === 'number')) };
}
