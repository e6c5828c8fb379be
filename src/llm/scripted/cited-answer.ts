import type { ContextSource } from '../chat-model.js';
import { contentWords, excerpt, sentences, shared } from './words.js';

interface Candidate {
  readonly sentence: string;
  readonly index: number;
  readonly hits: number;
}

const MAX_SENTENCES = 3;

/**
 * The sentences that share most words with the question, each with its citation, from the sources that hold at least half
 * of its words; undefined when there are none.
 */
export function citedAnswer(question: string, sources: readonly ContextSource[]): string | undefined {
  const wanted = contentWords(question);
  const needed = Math.max(Math.min(2, wanted.size), Math.ceil(wanted.size / 2));
  const candidates = sources
    .filter(({ title, text }) => shared(wanted, contentWords(`${title}\n${text}`)) >= needed)
    .flatMap((source) => candidatesOf(source, wanted))
    .sort((a, b) => b.hits - a.hits);
  const best = candidates[0]?.hits ?? 0;
  const chosen = candidates.filter(({ hits }) => hits === best).slice(0, MAX_SENTENCES);
  return chosen.length === 0 ? undefined : chosen.map(cited).join(' ');
}

export function missingAnswer(question: string, sources: readonly ContextSource[]): string {
  if (sources.length === 0) return `There are no sources that contain an answer to "${excerpt(question, 200)}".`;
  const count = sources.length === 1 ? 'source does' : `${sources.length} sources do`;
  return `The ${count} not contain an answer to "${excerpt(question, 200)}".`;
}

/** Every sentence when nothing particular is wanted, else those with a word of the question. */
function candidatesOf({ index, text }: ContextSource, wanted: ReadonlySet<string>): readonly Candidate[] {
  return sentences(text)
    .map((sentence) => ({ sentence, index, hits: shared(wanted, contentWords(sentence)) }))
    .filter(({ hits }) => hits > 0 || wanted.size === 0);
}

function cited({ sentence, index }: Candidate): string {
  const text = excerpt(sentence, 400);
  const end = /[.!?…]$/.exec(text)?.[0] ?? '.';
  return `${text.replace(/[.!?…]$/, '')} [${index}]${end}`;
}
