import type { ChatDelta } from '../chat-model.js';
import { LineSplitter } from '../wire/line-splitter.js';
import { ToolCallPieces } from '../wire/tool-call-pieces.js';
import { reportedFailure, type Upstream } from '../wire/upstream-failure.js';
import { MAX_EVENT_LENGTH, type WireDecoder } from '../wire/wire-protocol.js';

/** A line as far as it is believed: each field is checked where it is used. */
interface Line {
  readonly message?: {
    readonly content?: unknown;
    readonly thinking?: unknown;
    readonly tool_calls?:
      | readonly {
          readonly id?: string;
          readonly function?: { readonly name?: string; readonly arguments?: unknown };
        }[]
      | null;
  } | null;
  readonly done?: boolean;
  readonly done_reason?: string;
  readonly prompt_eval_count?: number;
  readonly eval_count?: number;
  readonly error?: unknown;
}

/** Reads the lines of an Ollama chat, one JSON object each. Tool calls arrive whole. */
export class OllamaDecoder implements WireDecoder {
  finished = false;
  private readonly calls = new ToolCallPieces();
  private readonly lines = new LineSplitter(MAX_EVENT_LENGTH);
  private callCount = 0;
  private into: ChatDelta[] = [];

  constructor(private readonly upstream: Upstream) {}

  read(bytes: Uint8Array, into: ChatDelta[]): void {
    this.into = into;
    this.lines.push(bytes, this.onLine);
  }

  end(into: ChatDelta[]): void {
    this.into = into;
    this.lines.end(this.onLine);
  }

  private readonly onLine = (text: string): void => {
    if (this.finished || text.trim() === '') return;
    const line = JSON.parse(text) as Line | null;
    if (typeof line !== 'object' || line === null) return;
    if (line.error) throw reportedFailure(this.upstream, 500, text);
    if (line.message) this.onMessage(line.message);
    if (line.done === true) this.finish(line);
  };

  private onMessage({ content, thinking, tool_calls }: NonNullable<Line['message']>): void {
    if (typeof thinking === 'string' && thinking !== '') this.into.push({ type: 'thinking', text: thinking });
    if (typeof content === 'string' && content !== '') this.into.push({ type: 'text', text: content });
    for (const { id, function: called } of tool_calls ?? []) {
      const args = called?.arguments ?? {};
      this.calls.piece(
        this.callCount++,
        id,
        called?.name,
        typeof args === 'string' ? args : JSON.stringify(args),
        this.into,
      );
    }
  }

  private finish({ done_reason, prompt_eval_count: inputTokens, eval_count: outputTokens }: Line): void {
    this.finished = true;
    this.calls.end(this.into);
    if (typeof inputTokens === 'number' && typeof outputTokens === 'number')
      this.into.push({ type: 'usage', usage: { inputTokens, outputTokens, totalTokens: inputTokens + outputTokens } });
    this.into.push({
      type: 'finish',
      reason: this.calls.any ? 'toolCalls' : done_reason === 'length' ? 'length' : 'stop',
    });
  }
}
