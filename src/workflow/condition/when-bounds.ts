import { pathFault } from '../definition/lookup.js';
import type { Fault } from './schema-faults.js';

/** Expectations and `all`, `any` and `not` of one `when`, taken together. */
export const MAX_CONDITIONS = 256;
/** `all`, `any` and `not` inside one another. */
const MAX_NESTING = 16;

interface Part {
  readonly value: unknown;
  readonly path: readonly PropertyKey[];
  readonly nesting: number;
  readonly isWhen: boolean;
}

/**
 * What a schema cannot see: how many conditions there are, how deep, and names that cannot be looked up. Iterative, and
 * ends where a bound is passed: what is not bounded must not be given to a schema, which recurses.
 */
export function inspect(data: unknown): { readonly faults: readonly Fault[]; readonly isBounded: boolean } {
  const faults: Fault[] = [];
  const pending: Part[] = [{ value: data, path: [], nesting: 0, isWhen: true }];
  let conditions = 0;
  for (let part = pending.pop(); part; part = pending.pop()) {
    const { value, path, nesting, isWhen } = part;
    if (nesting > MAX_NESTING) return tooMuch(path, `is nested more than ${MAX_NESTING} deep in all, any and not`);
    const entries = typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.entries(value) : [];
    if (!isWhen || entries.length === 0) conditions += 1;
    for (const [key, member] of entries) {
      if (key === 'all' || key === 'any' || key === 'not') {
        if (isWhen) conditions += 1;
        const members: readonly unknown[] = key === 'not' ? [member] : Array.isArray(member) ? member : [];
        for (const [index, inner] of members.entries()) {
          const at = key === 'not' ? [...path, key] : [...path, key, index];
          pending.push({ value: inner, path: at, nesting: nesting + 1, isWhen });
        }
      } else if (isWhen) {
        const detail = pathFault(key);
        if (detail !== undefined) faults.push({ path: [...path, key], detail });
        pending.push({ value: member, path: [...path, key], nesting, isWhen: false });
      }
    }
    if (conditions + pending.length > MAX_CONDITIONS) return tooMuch([], `has more than ${MAX_CONDITIONS} conditions`);
  }
  return { faults, isBounded: true };
}

const tooMuch = (path: readonly PropertyKey[], detail: string) => ({ faults: [{ path, detail }], isBounded: false });
