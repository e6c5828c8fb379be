import { median } from './distribution.ts';

/** One record of the same shape as the samples, each number the median of theirs; what is no number is the first's. */
export function typical<T>(samples: readonly [T, ...T[]]): T {
  return fold(samples) as T;
}

function fold(samples: readonly unknown[]): unknown {
  const [first] = samples;
  if (typeof first === 'number') return median(samples as number[]);
  if (typeof first !== 'object' || first === null) return first;
  const records = samples as Readonly<Record<string, unknown>>[];
  return Object.fromEntries(Object.keys(first).map((key) => [key, fold(records.map((record) => record[key]))]));
}
