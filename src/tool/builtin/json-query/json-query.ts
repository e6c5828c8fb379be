import { z } from 'zod';
import { Aggregate, figure, nameOf } from './json-aggregate.js';
import { Condition, FieldPath, filterOf, order } from './json-filter.js';
import { MAX_VALUES, pathOf, valueAt, valuesAt } from './json-path.js';
import { jsonQueryInvalid } from './json-query.errors.js';

export const JsonQuery = z.strictObject({
  path: FieldPath.default('').describe(
    'Where the rows are, such as "orders[*]" or "orders[*].lines[*]"; without it the data itself, a list being its elements.',
  ),
  where: z.array(Condition).max(20).default([]).describe('Conditions that a row must meet, all of them.'),
  groupBy: z
    .array(FieldPath.min(1))
    .max(5)
    .default([])
    .describe('Fields; one result for each combination of their values.'),
  aggregate: z.array(Aggregate).max(20).default([]).describe('Figures over the rows, or over those of each group.'),
  select: z.array(FieldPath.min(1)).max(50).default([]).describe('Fields to keep of each row; all when absent.'),
  sort: z
    .array(z.strictObject({ field: FieldPath, direction: z.enum(['asc', 'desc']).default('asc') }))
    .max(5)
    .default([])
    .describe('What the results are sorted by: fields of the rows, or names of groups and figures.'),
  limit: z.number().int().min(1).max(1_000).default(100).describe('Most results.'),
});
export type JsonQuery = z.output<typeof JsonQuery>;

export interface JsonAnswer {
  /** One object of figures when there are figures and no groups, else a list. */
  readonly result: unknown;
  /** How many rows the conditions let through. */
  readonly matched: number;
  /** How many results there are before the limit. */
  readonly total: number;
}

const MAX_GROUPS = 10_000;

/** Answers a query over JSON data. Own properties only; time in proportion to rows and parts of the query. @throws Problem json-query-invalid */
export function answer(data: unknown, query: JsonQuery): JsonAnswer {
  const rows = rowsOf(data, query.path).filter(filterOf(query.where));
  const { groupBy, aggregate, select } = query;
  const matched = rows.length;
  if (groupBy.length === 0 && aggregate.length > 0) return { result: figuresOf(rows, aggregate), matched, total: 1 };
  if (groupBy.length > 0) return listed(grouped(rows, query), query, matched, (name) => [name]);
  return listed(rows, query, matched, pathOf, (row) => (select.length === 0 ? row : membersOf(row, select)));
}

function rowsOf(data: unknown, path: string): readonly unknown[] {
  const rows = valuesAt(data, pathOf(path));
  const elements: readonly unknown[] = rows.length === 1 && Array.isArray(rows[0]) ? rows[0] : rows;
  if (elements.length > MAX_VALUES) throw jsonQueryInvalid(`There are more than ${MAX_VALUES} rows. Ask about a part.`);
  return elements;
}

/** An object of the figures by name; members are made with `fromEntries`, which sets no prototype. */
const figuresOf = (rows: readonly unknown[], aggregates: readonly Aggregate[]) =>
  Object.fromEntries(aggregates.map((one) => [nameOf(one), figure(rows, one)]));

const membersOf = (row: unknown, fields: readonly string[]): Readonly<Record<string, unknown>> =>
  Object.fromEntries(fields.map((field) => [field, valueAt(row, pathOf(field)) ?? null]));

function grouped(rows: readonly unknown[], { groupBy, aggregate }: JsonQuery): readonly unknown[] {
  const groups = new Map<string, { readonly keys: object; readonly rows: unknown[] }>();
  for (const row of rows) {
    const keys = membersOf(row, groupBy);
    const name = JSON.stringify(keys);
    const group = groups.get(name) ?? { keys, rows: [] };
    group.rows.push(row);
    groups.set(name, group);
    if (groups.size > MAX_GROUPS) throw jsonQueryInvalid(`There are more than ${MAX_GROUPS} groups.`);
  }
  const figures = aggregate.length > 0 ? aggregate : [{ fn: 'count', field: '' } as const];
  return [...groups.values()].map(({ keys, rows: own }) => ({ ...keys, ...figuresOf(own, figures) }));
}

function listed(
  results: readonly unknown[],
  { sort, limit }: JsonQuery,
  matched: number,
  pathTo: typeof pathOf,
  shown: (result: unknown) => unknown = (result) => result,
): JsonAnswer {
  const keys = sort.map(({ field, direction }) => ({ path: pathTo(field), factor: direction === 'asc' ? 1 : -1 }));
  const keyed = results.map((result) => ({ result, values: keys.map(({ path }) => valueAt(result, path)) }));
  keyed.sort((left, right) => {
    for (const [index, { factor }] of keys.entries()) {
      const difference = position(left.values[index], right.values[index]) * factor;
      if (difference !== 0) return difference;
    }
    return 0;
  });
  return { result: keyed.slice(0, limit).map(({ result }) => shown(result)), matched, total: results.length };
}

/** A total order: numbers, then texts, then anything else as it came. */
function position(left: unknown, right: unknown): number {
  const kinds = kindOf(left) - kindOf(right);
  return kinds !== 0 ? kinds : order(left, right) || 0;
}

const kindOf = (value: unknown): number => (typeof value === 'number' ? 0 : typeof value === 'string' ? 1 : 2);
