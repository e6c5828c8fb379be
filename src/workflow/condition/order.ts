import { periodOf } from './iso-date.js';
import type { Bound } from './when.js';

/** Below, in or above; a date without a time is its whole day, so an instant of that day is neither below nor above it. */
export type Side = -1 | 0 | 1;

export interface Order {
  /** What can be on it. */
  readonly of: 'a number' | 'an ISO date' | 'a text';
  /** Where `value` is, as seen from the bound; undefined when it is none of these. */
  sideOf(value: unknown): Side | undefined;
}

/** Numbers by size, ISO dates by time, other text by UTF-16 code units. */
export function orderAround(bound: Bound): Order {
  if (typeof bound === 'number') {
    return { of: 'a number', sideOf: (value) => (typeof value === 'number' ? side(value, bound, bound) : undefined) };
  }
  const period = periodOf(bound);
  if (!period)
    return { of: 'a text', sideOf: (value) => (typeof value === 'string' ? side(value, bound, bound) : undefined) };
  return {
    of: 'an ISO date',
    sideOf: (value) => {
      const instant = typeof value === 'string' ? periodOf(value)?.first : undefined;
      return instant === undefined ? undefined : side(instant, period.first, period.last);
    },
  };
}

function side<Value extends number | string>(value: Value, first: Value, last: Value): Side | undefined {
  if (value < first) return -1;
  if (value > last) return 1;
  return value >= first ? 0 : undefined;
}
