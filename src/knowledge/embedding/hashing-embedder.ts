import { isStopWord, wordsOf } from '../words.js';

export const DIMENSIONS = 384;

const STOP_WORD_WEIGHT = 0.1;
/** Of all n-grams of a word together: they find other forms of it. */
const GRAMS_WEIGHT = 0.8;
const GRAM_LENGTHS = [3, 4];
const WORD_SEED = 0x811c9dc5;
const GRAM_SEED = 0x01000193;

/**
 * A text as a vector that needs no model: its words and their character n-grams, each added at a place and with a sign that
 * its hash gives. Texts that share words, or words of the same stem, are alike; meaning beyond that it does not know.
 */
export function hashingEmbedding(text: string): Float32Array {
  const vector = new Float32Array(DIMENSIONS);
  for (const [word, count] of countsOf(wordsOf(text))) {
    const weight = (1 + Math.log(count)) * (isStopWord(word) ? STOP_WORD_WEIGHT : 1);
    add(vector, fnv1a(word, WORD_SEED), weight);
    if (isStopWord(word)) continue;
    const grams = gramsOf(word);
    const share = (weight * GRAMS_WEIGHT) / Math.sqrt(grams.length || 1);
    for (const gram of grams) add(vector, fnv1a(gram, GRAM_SEED), share);
  }
  return vector;
}

function countsOf(words: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  return counts;
}

function gramsOf(word: string): readonly string[] {
  const bounded = `<${word}>`;
  return GRAM_LENGTHS.flatMap((length) =>
    Array.from({ length: Math.max(0, bounded.length - length + 1) }, (_, at) => bounded.slice(at, at + length)),
  );
}

function add(vector: Float32Array, hash: number, weight: number): void {
  const at = (hash >>> 1) % DIMENSIONS;
  vector[at] = (vector[at] ?? 0) + (hash & 1 ? weight : -weight);
}

/** FNV-1a over UTF-16 code units, its bits mixed once more: the last characters alone would decide the low ones. */
function fnv1a(text: string, seed: number): number {
  let hash = seed;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  return (hash ^ (hash >>> 13)) >>> 0;
}
