import type { AIMessageChunk } from '@langchain/core/messages';
import type { ChatDelta, FinishReason } from '../chat-model.js';
import { ToolCallPieces } from '../wire/tool-call-pieces.js';

const FINISH_REASONS: ReadonlyMap<string, FinishReason> = new Map([
  ['length', 'length'],
  ['max_tokens', 'length'],
  ['tool_calls', 'toolCalls'],
  ['tool_use', 'toolCalls'],
  ['content_filter', 'contentFilter'],
  ['safety', 'contentFilter'],
  ['refusal', 'contentFilter'],
]);

/** Folds LangChain's chunks into deltas. A call of the tool named `answerTool` is the answer's text, not a call. */
export class LangChainDeltas {
  private readonly calls = new ToolCallPieces();
  private readonly answerSlots = new Set<number | undefined>();
  private reason: FinishReason | undefined;
  private input = 0;
  private output = 0;
  private total = 0;
  private cached = 0;

  constructor(private readonly answerTool?: string) {}

  read(chunk: AIMessageChunk): readonly ChatDelta[] {
    const into: ChatDelta[] = [];
    this.readContent(chunk.content, into);
    for (const { index, id, name, args } of callPieces(chunk)) {
      if (this.answerTool !== undefined && name === this.answerTool) this.answerSlots.add(index);
      if (!this.answerSlots.has(index)) this.calls.piece(index, id, name, args ?? '', into);
      else if (args) into.push({ type: 'text', text: args });
    }
    this.readUsage(chunk.usage_metadata);
    this.readReason(chunk.response_metadata);
    return into;
  }

  end(): readonly ChatDelta[] {
    const into: ChatDelta[] = [];
    this.calls.end(into);
    // Reasoning tokens are in the total but not in the output of some providers; they are paid as output.
    const outputTokens = Math.max(this.output, this.total - this.input);
    if (this.total > 0 || outputTokens > 0) {
      const usage = { inputTokens: this.input, outputTokens, totalTokens: this.input + outputTokens };
      into.push({ type: 'usage', usage: this.cached > 0 ? { ...usage, cachedInputTokens: this.cached } : usage });
    }
    const reason = this.calls.any ? 'toolCalls' : this.reason === 'toolCalls' ? 'stop' : (this.reason ?? 'stop');
    into.push({ type: 'finish', reason });
    return into;
  }

  private readContent(content: AIMessageChunk['content'], into: ChatDelta[]): void {
    if (typeof content === 'string') {
      if (content !== '') into.push({ type: 'text', text: content });
      return;
    }
    for (const block of content as readonly Readonly<Record<string, unknown>>[]) {
      const { text, thinking, reasoning } = block;
      const thought = thinking ?? reasoning;
      if (typeof thought === 'string' && thought !== '') into.push({ type: 'thinking', text: thought });
      else if (typeof text === 'string' && text !== '') into.push({ type: 'text', text });
    }
  }

  /** Chunks carry increments: LangChain itself adds them up. */
  private readUsage(usage: AIMessageChunk['usage_metadata']): void {
    this.input += usage?.input_tokens ?? 0;
    this.output += usage?.output_tokens ?? 0;
    this.total += usage?.total_tokens ?? 0;
    this.cached = Math.max(this.cached, usage?.input_token_details?.cache_read ?? 0);
  }

  private readReason(metadata: Readonly<Record<string, unknown>> | undefined): void {
    const said = metadata?.['finish_reason'] ?? metadata?.['finishReason'] ?? metadata?.['stop_reason'];
    if (typeof said === 'string') this.reason = FINISH_REASONS.get(said.toLowerCase()) ?? 'stop';
  }
}

/** The pieces of tool calls in a chunk; a model that does not stream its calls gives them whole. */
function callPieces({
  tool_call_chunks: pieces,
  tool_calls: calls,
}: AIMessageChunk): NonNullable<AIMessageChunk['tool_call_chunks']> {
  if (pieces !== undefined && pieces.length > 0) return pieces;
  return (calls ?? []).map(({ id, name, args }) => ({ id, name, args: JSON.stringify(args) }));
}
