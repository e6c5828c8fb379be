import { jsonQueryInvalid } from './json-query.errors.js';

/** A member, an element, or all elements of a list. */
export type PathStep = string | number | typeof ALL;
export const ALL = Symbol('all');

const MAX_STEPS = 32;
/** Most values that a path may lead to. */
export const MAX_VALUES = 50_000;

/** A name runs to the next point or bracket; in brackets stand an index, `*`, or a name in double quotes. */
const NAME = /[^.[\]"]+/y;
const BRACKET = /\[(?:(\*)|(\d{1,9})|("(?:[^"\\]|\\.){0,200}"))\]/y;

/**
 * Reads a path such as `orders[*].lines[0]["unit price"]`; an empty one leads to the value itself.
 * @throws Problem json-query-invalid
 */
export function pathOf(text: string): readonly PathStep[] {
  const steps: PathStep[] = [];
  for (let at = 0; at < text.length;) {
    if (steps.length === MAX_STEPS) throw unreadable(text, `has more than ${MAX_STEPS} steps`);
    const isInner = text.charAt(at) === '.' && at > 0;
    const step = stepAt(text, isInner ? at + 1 : at, isInner || at === 0);
    if (!step) throw unreadable(text, `cannot be read from position ${at + 1}`);
    steps.push(step.step);
    at = step.end;
  }
  return steps;
}

function stepAt(text: string, at: number, mayBeName: boolean): { step: PathStep; end: number } | undefined {
  NAME.lastIndex = at;
  BRACKET.lastIndex = at;
  const name = mayBeName ? NAME.exec(text)?.[0] : undefined;
  if (name !== undefined) return { step: name, end: at + name.length };
  const [whole, all, index, quoted] = BRACKET.exec(text) ?? [];
  if (whole === undefined) return undefined;
  const step = all !== undefined ? ALL : index !== undefined ? Number(index) : unquoted(quoted ?? '""');
  return step === undefined ? undefined : { step, end: at + whole.length };
}

function unquoted(text: string): string | undefined {
  try {
    return JSON.parse(text) as string;
  } catch {
    return undefined;
  }
}

/** The values a path leads to, by own properties only; what is not there leads nowhere. @throws Problem json-query-invalid */
export function valuesAt(value: unknown, path: readonly PathStep[]): readonly unknown[] {
  let values: readonly unknown[] = [value];
  for (const step of path) {
    values = values.flatMap((one) => within(one, step));
    if (values.length > MAX_VALUES) throw jsonQueryInvalid(`The path leads to more than ${MAX_VALUES} values.`);
  }
  return values;
}

/** The one value a path without `[*]` leads to. */
export const valueAt = (value: unknown, path: readonly PathStep[]): unknown => valuesAt(value, path)[0];

function within(value: unknown, step: PathStep): readonly unknown[] {
  if (typeof value !== 'object' || value === null) return [];
  if (step === ALL) return Array.isArray(value) ? value : [];
  if (Array.isArray(value) && typeof step !== 'number') return [];
  return Object.hasOwn(value, step) ? [(value as Readonly<Record<string | number, unknown>>)[step]] : [];
}

const unreadable = (text: string, what: string) =>
  jsonQueryInvalid(`The path ${JSON.stringify(text.slice(0, 100))} ${what}. Write it as orders[*].total.`);
