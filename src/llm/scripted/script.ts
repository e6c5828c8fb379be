import { approximateTokens, tokenPieces } from '../approximate-tokens.js';
import type { ChatDelta, ChatMessage, ChatRequest, ToolCall } from '../chat-model.js';
import { summaryAsked } from '../conversation-summary.js';
import { scriptedAnswer } from './answer.js';
import { parseDirectives, type Fault } from './directives.js';

/** Everything that a call of the scripted model will say, and what will go wrong. */
export interface Script {
  /** One token each, the end excluded. */
  readonly tokens: readonly ChatDelta[];
  readonly end: readonly ChatDelta[];
  readonly fault?: Fault;
  /** Milliseconds a token, when the message says so. */
  readonly paceMs?: number;
}

const THOUGHT = 'The person writes to me. I look for what can be answered from this conversation alone.';

/** Writes the script for a request; the same request gives the same script. */
export function script(request: Omit<ChatRequest, 'signal'>, withDirectives: boolean): Script {
  const content = request.messages.findLast(({ role }) => role === 'user')?.content ?? '';
  const isSummary = summaryAsked(request.messages) !== undefined;
  // Those inside the material of a summary have had their effect.
  const { directives, text } =
    withDirectives && !isSummary ? parseDirectives(content) : { directives: {}, text: content };
  const answer = scriptedAnswer(request, text, directives);
  const thoughts = directives.think
    ? tokenPieces(THOUGHT).map((piece): ChatDelta => ({ type: 'thinking', text: piece }))
    : [];
  const said = answer.toolCalls
    ? answer.toolCalls.flatMap(callPieces)
    : tokenPieces(answer.text).map((piece): ChatDelta => ({ type: 'text', text: piece }));
  const whole = [...thoughts, ...said];
  const tokens = request.maxTokens === undefined || answer.toolCalls ? whole : whole.slice(0, request.maxTokens);
  const inputTokens = request.messages.reduce((sum, message) => sum + approximateTokens(wording(message)), 0);
  const outputTokens = tokens.length;
  return {
    tokens,
    end: [
      { type: 'usage', usage: { inputTokens, outputTokens, totalTokens: inputTokens + outputTokens } },
      { type: 'finish', reason: answer.toolCalls ? 'toolCalls' : tokens.length < whole.length ? 'length' : 'stop' },
    ],
    fault: directives.fault,
    // Nobody reads a summary along.
    paceMs: isSummary ? 0 : directives.paceMs,
  };
}

/** The name with the first piece, the arguments piece by piece. */
function callPieces({ id, name, arguments: args }: ToolCall, index: number): readonly ChatDelta[] {
  const pieces = tokenPieces(args).map((piece): ChatDelta => ({ type: 'toolCall', index, arguments: piece }));
  return [{ type: 'toolCall', index, id, name, arguments: '' }, ...pieces];
}

function wording(message: ChatMessage): string {
  if (message.role !== 'assistant' || message.toolCalls === undefined) return message.content;
  return [message.content, ...message.toolCalls.map(({ name, arguments: args }) => `${name} ${args}`)].join(' ');
}
