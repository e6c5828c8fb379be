const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** The longest period there are figures for. */
const MOST_MS = 400 * DAY;
/** Up to here every figure is read by the minute, ... */
const BY_MINUTE_MS = 6 * HOUR;
/** ... and up to here the first hour is, which the period cuts. Minutes are kept a little longer than that. */
const CUT_HOUR_MS = 48 * HOUR;

/** How long sums by the minute and by the hour are kept. */
export const KEPT_MS = { minutes: CUT_HOUR_MS + HOUR, hours: MOST_MS + DAY };

const UNITS: Readonly<Record<string, number>> = { m: MINUTE, h: HOUR, d: DAY };
/** Each with the longest period that it divides, into at most 60 whole buckets. */
const BUCKETS = [1, 5, 10, 60, 180, 720, 1_440, 10_080].map((minutes) => minutes * MINUTE);
const MOST_BUCKETS = 60;

export const PERIOD = /^[1-9]\d{0,5}[mhd]$/;

/** What is read: sums by the minute from `from` to before `wholeFrom`, and by the hour from there on. */
export interface Window {
  readonly from: Date;
  readonly to: Date;
  /** `Infinity` when all is read by the minute. */
  readonly wholeFrom: number;
  readonly bucketMs: number;
  /** Where the first bucket begins, if it did not begin with `from`. */
  readonly origin: Date;
}

/** `90m`, `24h` or `7d` before `to`, its beginning moved back to a whole minute, or hour from 2 days on; undefined when longer than 400 days. */
export function windowOf(period: string, to: Date): Window | undefined {
  const ms = Number.parseInt(period, 10) * (UNITS[period.at(-1) ?? ''] ?? NaN);
  if (!PERIOD.test(period) || !(ms <= MOST_MS)) return undefined;
  const bucketMs = BUCKETS.find((each) => ms <= each * MOST_BUCKETS && (ms <= BY_MINUTE_MS || each >= HOUR)) ?? DAY;
  const begin = to.getTime() - ms;
  if (ms <= BY_MINUTE_MS) {
    const from = new Date(floor(begin, MINUTE));
    return { from, to, wholeFrom: Infinity, bucketMs, origin: from };
  }
  const from = new Date(floor(begin, ms <= CUT_HOUR_MS ? MINUTE : HOUR));
  const origin = new Date(floor(begin, HOUR));
  const wholeFrom = from.getTime() === origin.getTime() ? origin.getTime() : origin.getTime() + HOUR;
  return { from, to, wholeFrom, bucketMs, origin };
}

/** The beginnings of the buckets of a window; the first is its own beginning. */
export function bucketsOf({ from, to, bucketMs, origin }: Window): readonly Date[] {
  const count = Math.floor((to.getTime() - origin.getTime()) / bucketMs) + 1;
  return Array.from({ length: count }, (_, index) =>
    index === 0 ? from : new Date(origin.getTime() + index * bucketMs),
  );
}

const floor = (time: number, unit: number): number => Math.floor(time / unit) * unit;
