/** What references and conditions may name: each a plain JSON value. */
export interface ReferenceScope {
  readonly input: unknown;
  readonly variables: Readonly<Record<string, unknown>>;
  readonly nodes: Readonly<Record<string, { readonly output: unknown }>>;
  readonly conversation?: { readonly id: string };
  readonly user?: { readonly id: string };
  /** Inside a map or loop: the item, and its index from 0. */
  readonly item?: unknown;
  readonly index?: number;
}

/** A value that is there, null included. */
export interface Found {
  readonly value: unknown;
}

const MAX_PATH = 256;

/** First names that always mean the scope's own part, so that an input cannot pose as the user or the conversation. */
const ROOTS: ReadonlySet<string> = new Set(['input', 'variables', 'nodes', 'item', 'index', 'conversation', 'user']);

/** Names that reach a prototype elsewhere; a condition may not use them. */
const REFUSED: ReadonlySet<string> = new Set(['__proto__', 'constructor']);

/**
 * The value at a dotted path, own properties only; undefined when nothing is there. A path that begins with no root is
 * looked up in the variables, then in the input. A list has its indexes and its `length`.
 */
export function find(path: string, scope: ReferenceScope): Found | undefined {
  const names = path.split('.');
  if (isRooted(path)) return follow(scope, names);
  return follow(scope, ['variables', ...names]) ?? follow(scope, ['input', ...names]);
}

export const isRooted = (path: string): boolean => ROOTS.has(path.split('.', 1)[0] ?? '');

/** Why a condition may not name `path`; undefined when it may. */
export function pathFault(path: string): string | undefined {
  if (path.length > MAX_PATH) return `is longer than ${MAX_PATH} characters`;
  const names = path.split('.');
  if (names.includes('')) return 'must be names joined by single dots';
  const refused = names.find((name) => REFUSED.has(name));
  return refused === undefined ? undefined : `names "${refused}", which is never looked up`;
}

function follow(start: unknown, names: readonly string[]): Found | undefined {
  let value = start;
  for (const name of names) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
    value = (value as Record<string, unknown>)[name];
  }
  return value === undefined ? undefined : { value };
}
