import { wordsOf } from '../words.js';

const LENGTH = 300;
/** What is shown before the first of the words. */
const LEAD = 60;

/** The part of a text that has most of the words, with marks where it was cut; at most 300 characters and the marks. */
export function snippetOf(text: string, words: readonly string[]): string {
  if (text.length <= LENGTH) return text;
  const starts = [...text.matchAll(/\S+/g)].map(({ index }) => index);
  const best = bestStart(text, starts, new Set(words));
  const cut = text.slice(best, best + LENGTH);
  const isCut = best + LENGTH < text.length;
  const end = isCut ? Math.max(cut.search(/\s\S*$/), LENGTH / 2) : cut.length;
  return `${best > 0 ? '…' : ''}${cut.slice(0, end).toWellFormed().trim()}${isCut ? '…' : ''}`;
}

/** Begins a little before the first of the words that stand together; they are counted once, as the window moves on. */
function bestStart(text: string, starts: readonly number[], wanted: ReadonlySet<string>): number {
  const hits = starts.filter((start, index) => {
    const [first = ''] = wordsOf(text.slice(start, starts[index + 1] ?? text.length));
    return [...wanted].some((word) => isForm(first, word));
  });
  let [best, most, last] = [0, 0, 0];
  for (const [first, start] of hits.entries()) {
    while (last < hits.length && (hits[last] ?? 0) < start + LENGTH - LEAD) last++;
    if (last - first > most) [best, most] = [start, last - first];
  }
  return starts.find((start) => start >= best - LEAD) ?? 0;
}

const isForm = (found: string, word: string): boolean =>
  found === word || (word.length > 3 && found.startsWith(word.slice(0, -1)));
