import { z } from 'zod';
import { add, decimalOf, divide, textOf, ZERO, type Decimal } from '../calculator/decimal.js';
import { FieldPath, order } from './json-filter.js';
import { pathOf, valuesAt } from './json-path.js';
import { jsonQueryInvalid } from './json-query.errors.js';

const FUNCTIONS = ['count', 'sum', 'avg', 'min', 'max', 'median', 'distinct'] as const;
type Function = (typeof FUNCTIONS)[number];

export const Aggregate = z.strictObject({
  fn: z.enum(FUNCTIONS).describe('"distinct" lists the different values.'),
  field: FieldPath.default('').describe('A path inside the row; empty for the row itself.'),
  as: z.string().min(1).max(100).optional().describe('The name of the figure; by default fn_field.'),
});
export type Aggregate = z.output<typeof Aggregate>;

const MAX_DISTINCT = 1_000;

/** The name of a figure in the result. */
export const nameOf = ({ fn, field, as }: Aggregate): string => as ?? (field === '' ? fn : `${fn}_${field}`);

/**
 * A figure of rows: over every value of the field that is there and not null. Sums and averages are exact in decimals.
 * Without a value a count is 0, a list empty and anything else null. @throws Problem json-query-invalid
 */
export function figure(rows: readonly unknown[], { fn, field }: Aggregate): unknown {
  const path = pathOf(field);
  const values = rows.flatMap((row) => valuesAt(row, path)).filter((value) => value !== null && value !== undefined);
  return FIGURES[fn](values, field);
}

const FIGURES: Readonly<Record<Function, (values: readonly unknown[], field: string) => unknown>> = {
  count: (values) => values.length,
  sum: (values, field) => (values.length === 0 ? null : Number(textOf(sumOf(numbersIn(values, field))))),
  avg: (values, field) => (values.length === 0 ? null : meanOf(numbersIn(values, field))),
  min: (values, field) => extreme(values, field, -1),
  max: (values, field) => extreme(values, field, 1),
  median: (values, field) => medianOf(numbersIn(values, field)),
  distinct: distinctOf,
};

function numbersIn(values: readonly unknown[], field: string): readonly number[] {
  const odd = values.find((value) => !Number.isFinite(value));
  if (odd === undefined) return values as readonly number[];
  throw jsonQueryInvalid(
    `${shown(odd)} at ${JSON.stringify(field)} is no number. Filter such rows out, or count them.`,
  );
}

/** Whole numbers of one power of ten are added as such. */
function sumOf(numbers: readonly number[]): Decimal {
  const sums = new Map<number, bigint>();
  for (const { coefficient, exponent } of numbers.map((number) => decimalOf(String(number))))
    sums.set(exponent, (sums.get(exponent) ?? 0n) + coefficient);
  return [...sums].reduce((sum, [exponent, coefficient]) => add(sum, { coefficient, exponent }), ZERO);
}

const meanOf = (numbers: readonly number[]): number =>
  Number(textOf(divide(sumOf(numbers), decimalOf(String(numbers.length)))));

function extreme(values: readonly unknown[], field: string, direction: 1 | -1): unknown {
  return values.reduce<unknown>((best, value) => {
    if (best === null) return comparable(value, value, field) && value;
    return comparable(value, best, field) && order(value, best) * direction > 0 ? value : best;
  }, null);
}

function comparable(value: unknown, other: unknown, field: string): true {
  if (!Number.isNaN(order(value, other))) return true;
  throw jsonQueryInvalid(`${shown(value)} at ${JSON.stringify(field)} cannot be compared with ${shown(other)}.`);
}

function medianOf(numbers: readonly number[]): number | null {
  const sorted = numbers.toSorted((left, right) => left - right);
  const middle = sorted.slice(Math.ceil(sorted.length / 2) - 1, Math.floor(sorted.length / 2) + 1);
  return middle.length === 0 ? null : meanOf(middle);
}

function distinctOf(values: readonly unknown[], field: string): readonly unknown[] {
  const different = new Map(values.map((value) => [JSON.stringify(value), value]));
  if (different.size <= MAX_DISTINCT) return [...different.values()];
  throw jsonQueryInvalid(`There are more than ${MAX_DISTINCT} different values at ${JSON.stringify(field)}.`);
}

const shown = (value: unknown): string => (JSON.stringify(value) ?? 'nothing').slice(0, 100);
