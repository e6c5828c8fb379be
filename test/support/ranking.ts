/** How good a ranking is, from 0 to 1, by what is relevant. */

/** The share of the relevant that is among the first `count`. */
export const recallAt = (count: number, ranked: readonly string[], relevant: readonly string[]): number =>
  relevant.filter((id) => ranked.slice(0, count).includes(id)).length / relevant.length;

/** Normalised discounted cumulative gain: the higher the relevant stand, the better. */
export function ndcgAt(count: number, ranked: readonly string[], relevant: readonly string[]): number {
  const gains = ranked.slice(0, count).map((id, place) => (relevant.includes(id) ? discount(place) : 0));
  const best = relevant.slice(0, count).map((_, place) => discount(place));
  return sum(gains) / sum(best);
}

export const mean = (values: readonly number[]): number => sum(values) / values.length;

const discount = (place: number): number => 1 / Math.log2(place + 2);

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
