import { z } from 'zod';
import type { FieldFault } from '../../platform/problem/problem.js';
import { ISO_DATE, periodOf } from './iso-date.js';
import { pointerOf } from './json-pointer.js';
import { faultsOf, type Fault } from './schema-faults.js';
import { inspect, MAX_CONDITIONS } from './when-bounds.js';

const MAX_LIST = 1_000;
const MAX_TEXT = 10_000;

/** Paths and what their values must be; every entry must match. `all`, `any` and `not` hold whole whens. */
export interface When {
  readonly [path: string]: Expectation | When | readonly When[] | undefined;
  readonly all?: readonly When[];
  readonly any?: readonly When[];
  readonly not?: When;
}

/** A list is membership, a plain value is equality. */
export type Expectation = string | number | boolean | null | readonly unknown[] | Operators;

/** What is asked of one value; every operator must match. */
export interface Operators extends Comparisons {
  readonly all?: readonly Expectation[];
  readonly any?: readonly Expectation[];
  readonly not?: Expectation;
}

export interface Comparisons {
  readonly min?: Bound;
  readonly max?: Bound;
  readonly in?: readonly unknown[];
  readonly notIn?: readonly unknown[];
  readonly eq?: unknown;
  readonly ne?: unknown;
  readonly gt?: Bound;
  readonly gte?: Bound;
  readonly lt?: Bound;
  readonly lte?: Bound;
  readonly contains?: unknown;
  readonly startsWith?: string;
  readonly endsWith?: string;
  readonly exists?: boolean;
}

/** A number, an ISO 8601 date, or (not for `min` and `max`) any text, which is ordered by UTF-16 code units. */
export type Bound = number | string;

const isoDate = z
  .string()
  .regex(ISO_DATE, 'must be an ISO 8601 date such as 2026-01-31 or 2026-01-31T09:30:00Z')
  .refine((text) => !ISO_DATE.test(text) || periodOf(text) !== undefined, 'is a date that does not exist');
const limit = z.union([z.number(), isoDate], { error: 'must be a number or an ISO 8601 date' });
const text = z.string().max(MAX_TEXT);
const bound = z.union([z.number(), text], { error: 'must be a number, an ISO 8601 date or text' });
const list = z.array(z.unknown()).max(MAX_LIST);
const expectations = z.lazy(() => z.array(Expectation));

const operators = {
  min: limit.optional().describe('At least this number or date.'),
  max: limit.optional().describe('At most this number or date; a date without a time includes its whole day.'),
  in: list.optional().describe('Equal to a member of this list.'),
  notIn: list.optional().describe('There, and equal to no member of this list.'),
  eq: z.unknown().optional().describe('Deeply equal.'),
  ne: z
    .unknown()
    .optional()
    .describe('Of the same type and not equal; with null, anything that is there and not null.'),
  gt: bound.optional().describe('Greater, or later.'),
  gte: bound.optional().describe('Greater or equal, or not earlier.'),
  lt: bound.optional().describe('Less, or earlier.'),
  lte: bound.optional().describe('Less or equal, or not later.'),
  contains: z.unknown().optional().describe('A text that holds this text, or a list with a member equal to this.'),
  startsWith: text.optional().describe('A text that starts with this, or a list whose first member is this.'),
  endsWith: text.optional().describe('A text that ends with this, or a list whose last member is this.'),
  exists: z.boolean().optional().describe('Whether there is such a value; null is one.'),
  all: expectations.optional().describe('Expectations that all match.'),
  any: expectations.optional().describe('Expectations of which one matches.'),
  not: z
    .lazy(() => Expectation)
    .optional()
    .describe('An expectation that does not match.'),
};

const unknownOperator = `is not an operator; the operators are ${Object.keys(operators).join(', ')}`;

const Operators = z
  .strictObject(operators, { error: ({ code }) => (code === 'unrecognized_keys' ? unknownOperator : undefined) })
  .refine((given) => Object.keys(given).length > 0, {
    error: 'names no operator; to compare with an object use eq',
    when: ({ issues }) => issues.length === 0,
  })
  .refine(({ min, max }) => min === undefined || max === undefined || typeof min === typeof max, {
    path: ['max'],
    error: 'must be a number when min is a number, and a date when min is a date',
  });

export const Expectation: z.ZodType<Expectation> = z
  .union([Operators, z.string(), z.number(), z.boolean(), z.null(), list], {
    error: 'must be a value, a list of values or an object of operators',
  })
  .meta({ id: 'Expectation', description: 'What a value must be: a value, a list of values, or operators.' });

const Structure: z.ZodType<When> = z
  .lazy(() =>
    z
      .object({
        all: z.array(Structure).optional().describe('Whens that all match.'),
        any: z.array(Structure).optional().describe('Whens of which one matches.'),
        not: Structure.optional().describe('A when that does not match.'),
      })
      .catchall(Expectation),
  )
  .meta({ id: 'When', description: `Paths and what their values must be; at most ${MAX_CONDITIONS} conditions.` });

/** The schema of a `when` from anyone: strict, within the bounds, with every fault at its own place. */
export const When = z.preprocess((data, context) => {
  const checked = check(data);
  if ('when' in checked) return data;
  for (const { path, detail } of checked.faults) context.addIssue({ code: 'custom', path: [...path], message: detail });
  return z.NEVER;
}, Structure);

/** The `when` that `data` is, or all that is wrong with it. Total, and linear in the size of `data`. */
export function readWhen(data: unknown): { readonly when: When } | { readonly faults: readonly FieldFault[] } {
  const checked = check(data);
  if ('when' in checked) return checked;
  return { faults: checked.faults.map(({ path, detail }) => ({ pointer: pointerOf(path), detail })) };
}

/** The bounds come first: the schema recurses. */
function check(data: unknown): { readonly when: When } | { readonly faults: readonly Fault[] } {
  const { faults, isBounded } = inspect(data);
  if (!isBounded) return { faults };
  const parsed = Structure.safeParse(data);
  if (parsed.success && faults.length === 0) return { when: parsed.data };
  return { faults: [...faults, ...faultsOf(parsed.error?.issues ?? [])] };
}
