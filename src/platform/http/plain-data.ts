import type { FieldFault } from '../problem/problem.js';

const MAX_DEPTH = 32;
/** Also of an object: validating a DTO takes time quadratic in its members. */
const MAX_ITEMS = 1_000;
const MAX_FAULTS = 20;

/** Names that reach an object's prototype; class-transformer calls what it finds under `constructor`. */
const REFUSED_NAMES: ReadonlySet<string> = new Set(['__proto__', 'constructor']);

/**
 * Faults that no DTO can describe: text PostgreSQL cannot store (NUL, lone surrogates), refused names, nesting deeper
 * than 32, lists and objects longer than 1,000. Iterative, linear in the size of `data`.
 */
export function plainDataFaults(data: unknown): readonly FieldFault[] {
  const faults: FieldFault[] = [];
  const pending: { value: unknown; pointer: string; depth: number }[] = [{ value: data, pointer: '', depth: 0 }];
  for (let next = pending.pop(); next && faults.length < MAX_FAULTS; next = pending.pop()) {
    const { value, pointer, depth } = next;
    const fault = faultOf(value, depth);
    if (fault) {
      faults.push({ pointer, detail: fault });
      continue;
    }
    if (typeof value !== 'object' || value === null) continue;
    for (const [key, member] of Object.entries(value)) {
      const at = `${pointer}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`;
      const keyFault = REFUSED_NAMES.has(key) ? 'is not an acceptable name' : textFault(key);
      if (keyFault) faults.push({ pointer: printable(at), detail: keyFault });
      else pending.push({ value: member, pointer: at, depth: depth + 1 });
    }
  }
  return faults;
}

function faultOf(value: unknown, depth: number): string | undefined {
  if (depth > MAX_DEPTH) return `is nested deeper than ${MAX_DEPTH}`;
  if (typeof value === 'string') return textFault(value);
  if (typeof value === 'object' && value !== null && Object.keys(value).length > MAX_ITEMS)
    return `has more than ${MAX_ITEMS} entries`;
  return undefined;
}

function textFault(text: string): string | undefined {
  if (text.includes('\0')) return 'must not contain NUL characters';
  if (!text.isWellFormed()) return 'must be well-formed Unicode (it has a lone surrogate)';
  return undefined;
}

const printable = (text: string): string => text.replaceAll('\0', '').toWellFormed();
