import type { ChatMessage } from '../chat-model.js';
import { isSummaryMessage } from '../conversation-summary.js';
import { excerpt, sentences } from './words.js';

const ASKS =
  /(?:^|[.!?\n]\s?)(?:please |now )?(?:summari[sz]e|condense|(?:update|extend|write|refresh) (?:the|a) (?:running |rolling |short )?summary|fold)\b/i;
const FACT = /\b(?:my|i am|i'm|i have|i need|we|our|name|is|called|likes?|lives?|works?)\b|\d/i;

const MAX_SENTENCES = 10;

/** An extract in place of the asked summary: the sentences that state facts, in order. Undefined when none is asked for. */
export function summary(message: string, messages: readonly ChatMessage[]): string | undefined {
  const head = message.slice(0, 400);
  const system = messages
    .filter((one) => one.role === 'system' && !isSummaryMessage(one))
    .map(({ content }) => content.slice(0, 400));
  if (!ASKS.test(head) && !system.some((text) => ASKS.test(text))) return undefined;
  const material = sentences(materialOf(message, messages)).filter((sentence) => !ASKS.test(sentence));
  const facts = material.filter((sentence) => FACT.test(sentence) && !sentence.endsWith('?'));
  const chosen = (facts.length > 0 ? facts : material).slice(-MAX_SENTENCES);
  return chosen.length === 0
    ? 'There is nothing to summarise yet.'
    : chosen.map((sentence) => excerpt(sentence, 200)).join('\n');
}

/** What stands below the request, else the conversation so far. */
function materialOf(message: string, messages: readonly ChatMessage[]): string {
  const colon = message.search(/[:\n]/);
  const below = colon < 0 ? message : message.slice(colon + 1);
  if (colon >= 0 && below.trim().length > 20) return below;
  if (!ASKS.test(message.slice(0, 400))) return message;
  const said = messages.filter(({ role }) => role === 'user' || role === 'assistant').slice(0, -1);
  return said.map(({ content }) => content).join('\n');
}
