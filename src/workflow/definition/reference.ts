/** What references may name: each a plain JSON value. */
export interface ReferenceScope {
  readonly input: unknown;
  readonly variables: Readonly<Record<string, unknown>>;
  readonly nodes: Readonly<Record<string, { readonly output: unknown }>>;
  readonly conversation?: { readonly id: string };
  readonly user?: { readonly id: string };
}

/** One bounded class between the braces keeps it linear; blanks around the path are trimmed afterwards. */
const REFERENCE = /\{\{([^{}]{1,256})\}\}/g;
const WHOLE = /^\{\{([^{}]{1,256})\}\}$/;
const ROOTS: ReadonlySet<string> = new Set(['input', 'variables', 'nodes', 'conversation', 'user']);

/** Whether text anywhere inside `value` may hold a reference. */
export const holdsReference = (value: unknown): boolean => JSON.stringify(value)?.includes('{{') ?? false;

/**
 * Replaces every `{{path}}` inside `value`. A string that is exactly one reference keeps the type of what it names;
 * inside other text, text is inserted as it is and anything else as JSON. What names nothing becomes null, or empty text.
 */
export function resolveReferences(value: unknown, scope: ReferenceScope): unknown {
  if (typeof value === 'string') return resolveText(value, scope);
  if (Array.isArray(value)) return value.map((item) => resolveReferences(item, scope));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, resolveReferences(member, scope)]));
}

function resolveText(text: string, scope: ReferenceScope): unknown {
  const path = WHOLE.exec(text)?.[1];
  if (path !== undefined) return lookUp(path, scope) ?? null;
  return text.replace(REFERENCE, (_, inner: string) => printed(lookUp(inner, scope)));
}

const printed = (value: unknown): string =>
  typeof value === 'string' ? value : value === undefined || value === null ? '' : JSON.stringify(value);

/** Own properties only; a path whose first name is no root is looked up in the variables, then in the input. */
export function lookUp(path: string, scope: ReferenceScope): unknown {
  const names = path.trim().split('.');
  const [root = ''] = names;
  if (ROOTS.has(root)) return follow(scope, names);
  const variable = follow(scope.variables, names);
  return variable === undefined ? follow(scope.input, names) : variable;
}

function follow(start: unknown, names: readonly string[]): unknown {
  let value = start;
  for (const name of names) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
    value = (value as Record<string, unknown>)[name];
  }
  return value;
}
