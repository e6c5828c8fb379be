import type { ChatMessage, TokenUsage } from './chat-model.js';

type CountTokens = (text: string) => number;

/** Longest text that is really counted, in characters; the rest is extrapolated. */
const MAX_COUNTED = 100_000;

/** The tokenizer is quadratic in the length of a word, so that no piece may be long. */
const PIECE = 500;

let loaded: Promise<CountTokens> | undefined;

/** What a call used, counted with a general tokenizer because its provider did not say. The tokenizer is loaded on first use. */
export async function estimatedUsage(messages: readonly ChatMessage[], output: string): Promise<TokenUsage> {
  const countTokens = await (loaded ??= loadTokenizer());
  const inputTokens = countedTokens(messages.map(wordingOf).join('\n'), countTokens);
  const outputTokens = countedTokens(output, countTokens);
  return { inputTokens, outputTokens, totalTokens: inputTokens + outputTokens, estimated: true };
}

/** Counts the tokens of a text with a general tokenizer, in bounded time. It is loaded on first use. */
export async function tokenCounter(): Promise<CountTokens> {
  const countTokens = await (loaded ??= loadTokenizer());
  return (text) => countedTokens(text, countTokens);
}

/** Counts the likes of `<|endoftext|>` as the plain text that they are to us; by default the library throws on them. */
async function loadTokenizer(): Promise<CountTokens> {
  const { countTokens } = await import('gpt-tokenizer/encoding/o200k_base');
  const plain = { disallowedSpecial: new Set<string>() };
  return (text) => countTokens(text, plain);
}

/** Tokens of a text of any length in bounded time. */
export function countedTokens(text: string, countTokens: CountTokens): number {
  const counted = text.slice(0, MAX_COUNTED);
  let tokens = 0;
  for (let at = 0; at < counted.length; at += PIECE) tokens += countTokens(counted.slice(at, at + PIECE));
  return counted.length === text.length ? tokens : Math.round((tokens * text.length) / counted.length);
}

/** All that a model reads of a message. */
export function wordingOf(message: ChatMessage): string {
  if (message.role !== 'assistant' || message.toolCalls === undefined) return message.content;
  return [message.content, ...message.toolCalls.map(({ name, arguments: args }) => `${name} ${args}`)].join('\n');
}
