import { find, type ReferenceScope } from './lookup.js';

/** One bounded class between the braces keeps it linear; blanks around the path are trimmed afterwards. */
const REFERENCE = /\{\{([^{}]{1,256})\}\}/g;
const WHOLE = /^\{\{([^{}]{1,256})\}\}$/;

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

/** Text with every reference replaced by text, also where it is nothing but a reference. */
export const rendered = (text: string, scope: ReferenceScope): string =>
  text.replace(REFERENCE, (_, inner: string) => printed(lookUp(inner, scope)));

function resolveText(text: string, scope: ReferenceScope): unknown {
  const path = WHOLE.exec(text)?.[1];
  if (path !== undefined) return lookUp(path, scope) ?? null;
  return rendered(text, scope);
}

const printed = (value: unknown): string =>
  typeof value === 'string' ? value : value === undefined || value === null ? '' : JSON.stringify(value);

/** The value at a path; undefined when nothing is there. */
export const lookUp = (path: string, scope: ReferenceScope): unknown => find(path.trim(), scope)?.value;
