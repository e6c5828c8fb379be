import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { jsonQueryInvalid } from './json-query.errors.js';
import { pathOf, valueAt, valuesAt, type PathStep } from './json-path.js';

export const FieldPath = z.string().max(500);

const COMPARISONS = ['eq', 'ne', 'gt', 'gte', 'lt', 'lte', 'in', 'contains', 'exists'] as const;

/** Longest value that something is compared with, in characters of JSON. */
const MAX_EXPECTED = 20_000;
/** Longest text that is looked for inside others. */
const MAX_NEEDLE = 500;

export const Condition = z.strictObject({
  field: FieldPath.describe('A path inside the row; empty for the row itself.'),
  op: z
    .enum(COMPARISONS)
    .default('eq')
    .describe('"in": value is a list. "contains": a text or list. "exists": value is true or false.'),
  value: z
    .unknown()
    .refine(
      (value) => (JSON.stringify(value)?.length ?? 0) <= MAX_EXPECTED,
      `must be at most ${MAX_EXPECTED} characters of JSON`,
    )
    .optional()
    .describe('What the field is compared with.'),
});
export type Condition = z.output<typeof Condition>;

type Test = (value: unknown) => boolean;

/** A row passes when it meets every condition; what is missing, or of another type, is no match. */
export function filterOf(conditions: readonly Condition[]): Test {
  const tests = conditions.map(testOf);
  return (row) => tests.every((test) => test(row));
}

function testOf({ field, op, value: expected }: Condition): Test {
  const path = pathOf(field);
  if (op === 'exists') return (row) => isThere(row, path) === (expected !== false);
  if (op === 'ne') return (row) => !isDeepStrictEqual(valueAt(row, path), expected);
  const matches = MATCHES[op](expected);
  return (row) => isThere(row, path) && matches(valueAt(row, path));
}

const isThere = (row: unknown, path: readonly PathStep[]): boolean => valuesAt(row, path).length > 0;

const MATCHES: Readonly<Record<Exclude<Condition['op'], 'exists' | 'ne'>, (expected: unknown) => Test>> = {
  eq: (expected) => (value) => isDeepStrictEqual(value, expected),
  gt: (expected) => (value) => order(value, expected) > 0,
  gte: (expected) => (value) => order(value, expected) >= 0,
  lt: (expected) => (value) => order(value, expected) < 0,
  lte: (expected) => (value) => order(value, expected) <= 0,
  in: memberOf,
  contains: containing,
};

function memberOf(expected: unknown): Test {
  const members = new Set(Array.isArray(expected) ? expected.map((one) => JSON.stringify(one)) : []);
  return (value) => members.has(JSON.stringify(value));
}

/** Texts in any case, lists by their elements. */
function containing(expected: unknown): Test {
  if (typeof expected === 'string' && expected.length > MAX_NEEDLE)
    throw jsonQueryInvalid(`A text to look for may have ${MAX_NEEDLE} characters.`);
  const needle = typeof expected === 'string' ? expected.toLowerCase() : undefined;
  return (value) =>
    typeof value === 'string'
      ? needle !== undefined && value.toLowerCase().includes(needle)
      : Array.isArray(value) && value.some((one) => isDeepStrictEqual(one, expected));
}

/** Below, at or above zero for numbers and for texts; NaN, which is none of them, for anything else. */
export function order(left: unknown, right: unknown): number {
  if (typeof left === 'number' && typeof right === 'number') return left - right;
  if (typeof left !== 'string' || typeof right !== 'string') return NaN;
  return left < right ? -1 : Number(left > right);
}
