import { setImmediate as turn } from 'node:timers/promises';
import type { ChatRequest } from './chat-model.js';
import { fittedMessages, type FittedMessages } from './fitted-messages.js';
import { contextExceeded } from './llm.errors.js';
import type { ModelDescription } from './model-provider.js';
import { tokenCounter, wordingOf } from './token-estimate.js';

type Asked = Pick<ChatRequest, 'messages' | 'tools' | 'schema' | 'maxTokens'>;
type Limits = Pick<ModelDescription, 'contextWindow' | 'maxOutputTokens' | 'isAssumed'>;

/** Kept free for an answer whose length nobody has said. */
const ANSWER_TOKENS = 4_096;
/** Of the context window: models count differently from the tokenizer here. */
const MARGIN = 0.1;
/** What a message takes beside its words. */
const MESSAGE_TOKENS = 4;
/** Characters that are counted without a break for others. */
const COUNTED_AT_ONCE = 50_000;

/** Tokens that the input may have: the context window without what is kept for the answer. */
export function inputBudget({ contextWindow, maxOutputTokens = ANSWER_TOKENS }: Limits, maxTokens?: number): number {
  const most = Math.floor(contextWindow / 2);
  const usual = Math.min(ANSWER_TOKENS, maxOutputTokens, Math.floor(contextWindow / 4));
  return contextWindow - Math.min(maxTokens ?? usual, most);
}

/**
 * The messages that a model has room for beside its answer: the oldest are left out, as {@link fittedMessages} says.
 * They are really counted only when their bytes, of which a token has at least one, would not fit.
 * @throws Problem context-exceeded when not even what must stay fits
 */
export async function withinContext(asked: Asked, id: string, limits: Limits): Promise<FittedMessages> {
  const { messages, tools, schema, maxTokens } = asked;
  const budget = inputBudget(limits, maxTokens);
  const careful = budget - Math.ceil(limits.contextWindow * MARGIN);
  const beside = tools || schema ? JSON.stringify([tools, schema]) : '';
  const most = messages.reduce((sum, one) => sum + MESSAGE_TOKENS + bytesOf(wordingOf(one)), bytesOf(beside));
  if (most <= careful) return { messages, leftOut: 0, tokens: most };
  const count = await tokenCounter();
  const besideTokens = count(beside);
  const tokens: number[] = [];
  let sinceBreak = 0;
  for (const text of messages.map(wordingOf)) {
    tokens.push(MESSAGE_TOKENS + count(text));
    sinceBreak += text.length;
    if (sinceBreak < COUNTED_AT_ONCE) continue;
    sinceBreak = 0;
    await turn();
  }
  const fitted = fittedMessages(messages, tokens, careful - besideTokens);
  const total = fitted.tokens + besideTokens;
  if (total <= budget || limits.isAssumed) return { ...fitted, tokens: total };
  throw contextExceeded(
    `What is asked has about ${total} tokens without any earlier message, and ${id} has room for ${budget} beside its answer. Shorten the message, the system message or what the workflow adds to it, lower maxTokens, or choose a model with a larger context window.`,
  );
}

const bytesOf = (text: string): number => Buffer.byteLength(text);
