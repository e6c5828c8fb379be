import type { ChatMessage } from '../../llm/chat-model.js';
import { summaryRequest, type SummaryMaterial } from '../../llm/conversation-summary.js';
import type { LLMService, ResolvedModel } from '../../llm/llm.service.js';
import { Problem } from '../../platform/problem/problem.js';
import { contentHash } from '../../platform/schema/canonical-json.js';
import type { History, UntoldMessages } from './history-source.js';
import { modelAnswer } from './model-call.js';
import type { NodeContext } from './node-type.js';

/** Calls of a model that one node makes at most; what is left then is folded in the next turn. */
export const MOST_SUMMARIES = 3;
/** Most messages of one call. */
const MAX_MESSAGES = 200;
/** Most characters of one call, and of a model's context window as characters. */
const MAX_CHARACTERS = 40_000;
const CHARACTERS_OF_WINDOW = 1 / 3;
/** Most tokens of an answer, in which some models think as well, and of a model's context window. */
const MAX_TOKENS = 4_096;
const TOKENS_OF_WINDOW = 1 / 8;
/** What is asked for. */
const MAX_WORDS = 400;
const WORDS_A_TOKEN = 0.4;
/** Longest summary that is kept, in characters, whatever a model says, and that a model is told, of its context window. */
const MAX_SUMMARY = 8_000;
const SUMMARY_OF_WINDOW = 0.6;

/** A reason to go on without. */
class NoSummary extends Error {}

interface RefreshOptions {
  readonly model: ResolvedModel;
  /** Messages at the end that are left as they are. */
  readonly keep: number;
  /** Longest that all of it takes, in milliseconds: a turn waits for it. */
  readonly withinMs: number;
}

/**
 * Folds what no summary tells, but for the last `keep` messages, into the summary of the branch: oldest first, some at a
 * time, each step stored before the next. Answers the summary there is at the end. A call that fails leaves the summary
 * as it is, with a note; one that has ended is not made again in a later attempt at the run.
 * @throws ClaimLost, the signal's reason
 */
export async function refreshedSummary(
  llm: LLMService,
  source: History,
  context: NodeContext<unknown>,
  { model, keep, withinMs }: RefreshOptions,
): Promise<string | undefined> {
  const { run, emit, signal } = context;
  const until = AbortSignal.any([signal, AbortSignal.timeout(withinMs)]);
  let known: string | undefined;
  try {
    for (let count = 0; ; count += 1) {
      const untold = await source.untold(run, { keep, limit: MAX_MESSAGES });
      known = untold.summary?.text;
      if (untold.messages.length === 0) return known;
      if (count === MOST_SUMMARIES) throw new NoSummary(`${untold.total} more are folded in the next turn.`);
      await fold(llm, source, { ...context, signal: until }, { model, untold });
    }
  } catch (error) {
    signal.throwIfAborted();
    const reason = error === until.reason ? new NoSummary(`No model made one within ${withinMs} ms.`) : error;
    if (!(reason instanceof NoSummary) && !(reason instanceof Problem)) throw reason;
    const why = reason instanceof Problem ? reason.detail : reason.message;
    emit({ type: 'note', code: 'summary-behind', detail: `The summary lacks older messages. ${why}` });
    return known;
  }
}

/** One step: asks a model and stores what it says. */
async function fold(
  llm: LLMService,
  source: History,
  context: NodeContext<unknown>,
  { model, untold }: { readonly model: ResolvedModel; readonly untold: UntoldMessages },
): Promise<void> {
  const { contextWindow, maxOutputTokens = MAX_TOKENS } = model.description;
  const chosen = chosenFrom(untold, Math.min(MAX_CHARACTERS, Math.floor(contextWindow * CHARACTERS_OF_WINDOW)));
  const { summary } = untold;
  const material: SummaryMaterial = {
    ...(summary && { summary: summaryWithin(summary.text, model) }),
    messages: chosen.map(({ message }) => message),
  };
  const maxTokens = Math.min(MAX_TOKENS, maxOutputTokens, Math.floor(contextWindow * TOKENS_OF_WINDOW));
  const words = Math.min(MAX_WORDS, Math.floor(maxTokens * WORDS_A_TOKEN));
  const { text } = await modelAnswer(llm, context, {
    model,
    // The same material has the same name, in whichever attempt.
    messageKey: `${context.path.join('/')}-summary-${contentHash(material).slice(0, 16)}`,
    messages: summaryRequest(material, words),
    maxTokens,
    isKept: true,
    isSilent: true,
  });
  const told = text.trim().slice(0, MAX_SUMMARY).toWellFormed();
  if (told === '') throw new NoSummary('The model said nothing.');
  // The answer must outlive this process before it is built upon: another attempt would ask for another one.
  await context.settled();
  const { outputTokens } = await llm.estimateUsage([], told);
  const messageIds = chosen.map(({ id }) => id);
  // Not kept when a message was deleted meanwhile: it is made again from what is left.
  await source.keepSummary(context.run, { text: told, tokens: outputTokens, messageIds, base: summary?.upTo });
}

/** As many of the first messages as have room, at least one; a long one without its middle. */
function chosenFrom({ messages }: UntoldMessages, most: number): UntoldMessages['messages'] {
  const chosen: { readonly id: string; readonly message: ChatMessage }[] = [];
  let left = most;
  for (const { id, message } of messages) {
    const content = withoutMiddle(message.content, most);
    if (chosen.length > 0 && content.length > left) break;
    chosen.push({ id, message: { ...message, content } });
    left -= content.length;
  }
  return chosen;
}

/** A summary as a model has room for it: one that was made for a larger context window loses its middle. */
export const summaryWithin = (text: string, { description }: Pick<ResolvedModel, 'description'>): string =>
  withoutMiddle(text, Math.floor(description.contextWindow * SUMMARY_OF_WINDOW));

function withoutMiddle(text: string, most: number): string {
  if (text.length <= most) return text;
  const half = Math.floor(most / 2);
  return `${text.slice(0, half).toWellFormed()} […] ${text.slice(-half).toWellFormed()}`;
}
