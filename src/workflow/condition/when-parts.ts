import { comparison, equals, isOneOf, range, type Check } from './check.js';
import type { Comparisons, Expectation, Operators, When } from './when.js';

/** `all`, `any` and `not`: how many members have to match. */
export const COMPOSITIONS = {
  all: { wanted: 'all of them to match', matches: (matched: number, members: number) => matched === members },
  any: { wanted: 'one of them to match', matches: (matched: number) => matched > 0 },
  not: { wanted: 'it not to match', matches: (matched: number) => matched === 0 },
} as const;

export type Composition = keyof typeof COMPOSITIONS;

export const isComposition = (name: string): name is Composition => Object.hasOwn(COMPOSITIONS, name);

/** A composition of members; `not` has one. */
export interface Composed<Member> {
  readonly composition: Composition;
  readonly members: readonly Member[];
}

/** A part of a `when`; all parts must match. */
export type Entry = { readonly path: string; readonly expectation: Expectation } | Composed<When>;

/** A part of an expectation; all parts must match. `operator` is absent where the expectation as a whole is one check. */
export type Part =
  { readonly operator?: string; readonly expected: unknown; readonly check: Check } | Composed<Expectation>;

/** @param when as the schema has let it pass */
export const entriesOf = (when: When): readonly Entry[] =>
  Object.entries(when).map(([name, member]) =>
    isComposition(name) ? composed<When>(name, member) : { path: name, expectation: member as Expectation },
  );

/** @param expectation as the schema has let it pass */
export function partsOf(expectation: Expectation): readonly Part[] {
  if (isList(expectation)) return [{ expected: expectation, check: isOneOf(expectation) }];
  if (!isOperators(expectation)) return [{ expected: expectation, check: equals(expectation) }];
  const { min, max, ...operators } = expectation;
  return [...rangeOf(min, max), ...Object.entries(operators).map(([name, operand]) => partOf(name, operand))];
}

function rangeOf(min: Operators['min'], max: Operators['max']): readonly Part[] {
  if (min !== undefined && max !== undefined) return [{ expected: { min, max }, check: range(min, max) }];
  if (min !== undefined) return [{ operator: 'min', expected: { min }, check: comparison('gte', min) }];
  return max === undefined ? [] : [{ operator: 'max', expected: { max }, check: comparison('lte', max) }];
}

function partOf(name: string, operand: unknown): Part {
  if (isComposition(name)) return composed<Expectation>(name, operand);
  const known = name as Exclude<keyof Comparisons, 'min' | 'max'>;
  return { operator: name, expected: { [name]: operand }, check: comparison(known, operand as never) };
}

const composed = <Member>(composition: Composition, given: unknown): Composed<Member> => ({
  composition,
  members: composition === 'not' ? [given as Member] : (given as readonly Member[]),
});

const isList = (expectation: Expectation): expectation is readonly unknown[] => Array.isArray(expectation);

const isOperators = (expectation: Expectation): expectation is Operators =>
  typeof expectation === 'object' && expectation !== null;
