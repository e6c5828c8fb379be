import fc from 'fast-check';
import { binSql, percentile, type Bin } from './log-histogram.js';

/** What {@link binSql} says, in JavaScript. */
const binOf = (ms: number): number => Math.ceil(Math.log(Math.max(ms, 1)) / Math.log(1.045));

function binned(values: readonly number[]): readonly Bin[] {
  return [...Map.groupBy(values, binOf)].map(([bin, { length }]) => ({ bin, count: length }));
}

/** The smallest value that at least this share of the values does not exceed. */
const exact = (values: readonly number[], share: number): number =>
  values.toSorted((left, right) => left - right)[Math.max(1, Math.ceil(share * values.length)) - 1]!;

const durations = fc.array(
  fc.oneof(
    fc.integer({ min: 1, max: 50 }),
    fc.integer({ min: 1, max: 5_000 }),
    fc.integer({ min: 1, max: 2 ** 31 - 1 }),
  ),
  { minLength: 1, maxLength: 300 },
);
const share = fc.oneof(fc.constantFrom(0.5, 0.9, 0.95, 0.99, 1), fc.double({ min: 0.001, max: 1, noNaN: true }));

describe('a percentile of a histogram', () => {
  it('is at most 2.5 % from the exact one, whatever the values are', () => {
    fc.assert(
      fc.property(durations, share, (values, asked) => {
        const known = exact(values, asked);
        const told = percentile(binned(values), asked)!;
        expect(Math.abs(told - known) / known).toBeLessThanOrEqual(0.025);
      }),
      { numRuns: 500 },
    );
  });

  it('lies between the bounds that are known exactly', () => {
    fc.assert(
      fc.property(durations, share, (values, asked) => {
        const [least, most] = [Math.min(...values), Math.max(...values)];
        const told = percentile(binned(values), asked, least, most)!;
        expect(told).toBeGreaterThanOrEqual(least);
        expect(told).toBeLessThanOrEqual(most);
      }),
    );
  });

  it('does not depend on the order or on how often a bin is told', () => {
    fc.assert(
      fc.property(durations, share, (values, asked) => {
        const whole = binned(values);
        const halves = whole.toReversed().flatMap(({ bin, count }) => [
          { bin, count: count - Math.floor(count / 2) },
          { bin, count: Math.floor(count / 2) },
        ]);
        expect(percentile(halves, asked)).toBe(percentile(whole, asked));
      }),
    );
  });

  it('is null of nothing, and 0 where all took no time', () => {
    expect(percentile([], 0.5)).toBeNull();
    expect(percentile([{ bin: 0, count: 3 }], 0.5, 0, 0)).toBe(0);
  });

  it('takes bins that fit a smallint', () => {
    expect(binOf(2 ** 31 - 1)).toBeLessThan(600);
    expect(binSql('ms')).toContain('1.045');
  });
});
