import type { ChatMessage } from './chat-model.js';

/** What is left of messages that were too many. */
export interface FittedMessages {
  readonly messages: readonly ChatMessage[];
  /** How many of the oldest were left out. */
  readonly leftOut: number;
  /** Tokens of those that stay; more than was allowed when what must stay is too long by itself. */
  readonly tokens: number;
}

/**
 * Leaves out the oldest messages until the others have at most `budget` tokens. Stays in any case: the system messages at
 * the beginning, the newest message of the user and all that follows it. A tool call and its results go or stay
 * together. `tokens` are those of each message, in order.
 */
export function fittedMessages(
  messages: readonly ChatMessage[],
  tokens: readonly number[],
  budget: number,
): FittedMessages {
  const found = messages.findIndex(({ role }) => role !== 'system');
  const start = found < 0 ? messages.length : found;
  const cuts = cutsBetween(messages, start, endOfHistory(messages, start));
  let left = tokens.reduce((sum, count) => sum + count, 0);
  let at = start;
  for (const cut of cuts) {
    if (left <= budget) break;
    for (; at < cut; at += 1) left -= tokens[at] ?? 0;
  }
  if (at === start) return { messages, leftOut: 0, tokens: left };
  return { messages: [...messages.slice(0, start), ...messages.slice(at)], leftOut: at - start, tokens: left };
}

/** The last messages, at most `limit`; a tool call and its results are all among them, or none of them. */
export function lastMessages(messages: readonly ChatMessage[], limit: number): readonly ChatMessage[] {
  if (messages.length <= limit) return messages;
  const first = cutsBetween(messages, 0, messages.length).find((cut) => cut >= messages.length - limit);
  return first === undefined ? [] : messages.slice(first);
}

/** Where what must stay begins: at the newest message of the user, else at the last message that is no result of a tool. */
function endOfHistory(messages: readonly ChatMessage[], start: number): number {
  const asked = messages.findLastIndex(({ role }) => role === 'user');
  const end = asked >= start ? asked : messages.findLastIndex(({ role }) => role !== 'tool');
  return Math.max(start, end);
}

/** The places after `start`, up to `end`, before which messages may be left out, from the front. */
function cutsBetween(messages: readonly ChatMessage[], start: number, end: number): readonly number[] {
  const results = new Map<string, number>();
  for (const [index, message] of messages.entries())
    if (message.role === 'tool') results.set(message.toolCallId, index);
  const cuts: number[] = [];
  let lastResult = -1;
  for (let cut = start + 1; cut <= end; cut += 1) {
    const before = messages[cut - 1];
    if (before?.role === 'assistant')
      for (const { id } of before.toolCalls ?? []) lastResult = Math.max(lastResult, results.get(id) ?? -1);
    if (lastResult < cut && messages[cut]?.role !== 'tool') cuts.push(cut);
  }
  return cuts;
}
