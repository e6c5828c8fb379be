import fc from 'fast-check';
import { bucketsOf, KEPT_MS, windowOf } from './period.js';

const [MINUTE, HOUR, DAY] = [60_000, 3_600_000, 86_400_000];
const NOW = new Date('2026-11-27T10:17:30.500Z');

describe('a period', () => {
  it.each(['', '0m', '24', 'h', '1.5h', '-1h', '1w', ' 1h', '401d', '9601h', '999999d'])('is not %j', (text) => {
    expect(windowOf(text, NOW)).toBeUndefined();
  });

  it('begins on a whole minute up to two days, then on a whole hour', () => {
    expect(windowOf('1m', NOW)!.from.toISOString()).toBe('2026-11-27T10:16:00.000Z');
    expect(windowOf('24h', NOW)!.from.toISOString()).toBe('2026-11-26T10:17:00.000Z');
    expect(windowOf('48h', NOW)!.from.toISOString()).toBe('2026-11-25T10:17:00.000Z');
    expect(windowOf('7d', NOW)!.from.toISOString()).toBe('2026-11-20T10:00:00.000Z');
  });

  it('is read by the hour where hours are whole, so that what is read stays small', () => {
    const window = windowOf('24h', NOW)!;
    expect(new Date(window.wholeFrom).toISOString()).toBe('2026-11-26T11:00:00.000Z');
    expect(windowOf('6h', NOW)!.wholeFrom).toBe(Infinity);
  });

  const periods = fc.oneof(
    fc.integer({ min: 1, max: 400 * 24 * 60 }).map((count) => `${count}m`),
    fc.integer({ min: 1, max: 9_600 }).map((count) => `${count}h`),
    fc.integer({ min: 1, max: 400 }).map((count) => `${count}d`),
  );
  const times = fc.integer({ min: 0, max: 400 * DAY }).map((ms) => new Date(NOW.getTime() + ms));
  const UNITS: Readonly<Record<string, number>> = { m: MINUTE, h: HOUR, d: DAY };

  it('covers at least what was asked for and less than an hour more, and what it reads is still kept', () => {
    fc.assert(
      fc.property(periods, times, (period, now) => {
        const asked = Number.parseInt(period, 10) * UNITS[period.at(-1)!]!;
        const { from, wholeFrom } = windowOf(period, now)!;
        const age = now.getTime() - from.getTime();
        expect(age - asked).toBeGreaterThanOrEqual(0);
        expect(age - asked).toBeLessThan(asked <= 2 * DAY ? MINUTE : HOUR);
        expect(age).toBeLessThan(KEPT_MS.hours);
        if (from.getTime() < wholeFrom) expect(age).toBeLessThan(KEPT_MS.minutes);
        if (wholeFrom !== Infinity) expect(wholeFrom % HOUR).toBe(0);
      }),
    );
  });

  it('has at most 62 buckets that begin with it, follow one another and end with it', () => {
    fc.assert(
      fc.property(periods, times, (period, now) => {
        const window = windowOf(period, now)!;
        const buckets = bucketsOf(window).map((begin) => begin.getTime());
        expect(buckets.length).toBeLessThanOrEqual(62);
        expect(buckets[0]).toBe(window.from.getTime());
        expect(buckets.slice(2).every((begin, index) => begin === (buckets[index + 1] ?? 0) + window.bucketMs)).toBe(
          true,
        );
        expect(buckets.at(-1)).toBeLessThanOrEqual(now.getTime());
        expect(buckets.at(-1)! + window.bucketMs).toBeGreaterThan(now.getTime());
        // Sums by the hour lie in one bucket each.
        if (window.wholeFrom !== Infinity) expect(window.bucketMs % HOUR).toBe(0);
      }),
    );
  });
});
