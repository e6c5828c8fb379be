import type { RunSource } from '../workflow/run/run-sources.js';

/** "[1]" and "[1, 3]", as models write them. */
const CITED = /\[(\d{1,4}(?:, ?\d{1,4}){0,19})\]/g;

/** The numbers a text cites, each once, in the order they are first cited. */
export const citedNumbers = (text: string): readonly number[] => [
  ...new Set([...text.matchAll(CITED)].flatMap(([, numbers = '']) => numbers.split(',').map(Number))),
];

/**
 * The sources behind cited numbers, the latest of a number; undefined when there are none. A number that no source has is
 * no citation.
 */
export function citationsOf(cited: readonly number[], sources: readonly RunSource[]): readonly RunSource[] | undefined {
  const byNumber = new Map(sources.map((source) => [source.index, source]));
  const citations = cited.flatMap((number) => byNumber.get(number) ?? []);
  return citations.length === 0 ? undefined : citations;
}
