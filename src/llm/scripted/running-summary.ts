import type { SummaryMaterial } from '../conversation-summary.js';
import { excerpt, sentences } from './words.js';

/** What is told first of all of a person; numbers alone are told as long as there is room. */
const FACT = /\b(?:my|i am|i'm|i have|i need|i live|i work|i like|i prefer|we|our|name is|called)\b/i;
const FIGURE = /\d/;
const QUESTION = /\?$/;

const MAX_LINES = 30;
const MAX_LINE = 160;

/**
 * The sentences in which the person states facts, those of the summary so far first, each once. When they are too many,
 * the oldest of those that say least go.
 */
export function runningSummary({ summary = '', messages }: SummaryMaterial): string {
  const said = messages.filter(({ role }) => role === 'user').flatMap(({ content }) => sentences(content));
  const stated = said.filter((sentence) => !QUESTION.test(sentence));
  const telling = stated.filter((sentence) => FACT.test(sentence) || FIGURE.test(sentence));
  const lines = [...new Set([...sentences(summary), ...telling.map((sentence) => excerpt(sentence, MAX_LINE))])];
  if (lines.length === 0) return excerpt(`They talked: ${said.at(-1) ?? 'nothing was said'}`, MAX_LINE);
  const surplus = lines.length - MAX_LINES;
  if (surplus <= 0) return lines.join('\n');
  const gone = new Set(lines.filter((line) => !FACT.test(line)).slice(0, surplus));
  return lines
    .filter((line) => !gone.has(line))
    .slice(-MAX_LINES)
    .join('\n');
}
