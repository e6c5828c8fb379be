/**
 * A histogram whose bins grow by 4.5 %: bin 0 holds what is at most 1, bin n what is above GROWTH^(n-1) and at most
 * GROWTH^n. The value that stands for a bin is at most 2.2 % from every value in it, however large the values are.
 */
const GROWTH = 1.045;
/** Below this no two whole numbers share a middle that is rounded. */
const EXACT_BELOW = 20;

export interface Bin {
  readonly bin: number;
  readonly count: number;
}

/** The SQL expression for the bin of a number of milliseconds. */
export const binSql = (ms: string): string =>
  `ceil(ln(greatest(${ms}, 1)::double precision) / ln(${GROWTH}::double precision))::smallint`;

/**
 * The nearest-rank percentile of the whole numbers behind the bins, at most 2.5 % from the exact one (values below 1 count as 1);
 * null when there are none. `least` and `most` are the bounds that are known exactly.
 */
export function percentile(bins: readonly Bin[], share: number, least = 0, most = Infinity): number | null {
  const ordered = bins.toSorted((left, right) => left.bin - right.bin);
  const total = ordered.reduce((sum, { count }) => sum + count, 0);
  if (total === 0) return null;
  let left = Math.max(1, Math.ceil(share * total));
  for (const { bin, count } of ordered) {
    left -= count;
    if (left <= 0) return Math.min(most, Math.max(least, middleOf(bin)));
  }
  return null;
}

/** The same relative distance from both ends of the bin. */
function middleOf(bin: number): number {
  const middle = bin === 0 ? 1 : (2 * GROWTH ** bin) / (1 + GROWTH);
  return middle < EXACT_BELOW ? Math.round(middle) : round(middle);
}

/** To a tenth. */
export const round = (value: number): number => Math.round(value * 10) / 10;
