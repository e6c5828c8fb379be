import type { Cell } from './value-cells.js';
import { entriesOf, partsOf, type Composition, type Part } from './when-parts.js';
import type { Expectation, When } from './when.js';

/** Which cells certainly match and which possibly do; one byte a cell, 1 for yes. `must` is part of `may`. */
export interface MatchSet {
  readonly must: Uint8Array;
  readonly may: Uint8Array;
}

/** What a `when` matches that names one path only, whose cells these are. */
export function setOfWhen(when: When, cells: readonly Cell[]): MatchSet {
  const sets = entriesOf(when).map((entry) => {
    if ('path' in entry) return setOfExpectation(entry.expectation, cells);
    const members = entry.members.map((member) => setOfWhen(member, cells));
    return combined(entry.composition, members, cells.length);
  });
  return combined('all', sets, cells.length);
}

function setOfExpectation(expectation: Expectation, cells: readonly Cell[]): MatchSet {
  const sets = partsOf(expectation).map((part) => setOfPart(part, cells));
  return combined('all', sets, cells.length);
}

function setOfPart(part: Part, cells: readonly Cell[]): MatchSet {
  if ('composition' in part) {
    const members = part.members.map((member) => setOfExpectation(member, cells));
    return combined(part.composition, members, cells.length);
  }
  const { check } = part;
  const may = Uint8Array.from(cells, ({ sample, isOpen }) => {
    if (!sample) return Number(check.matchesMissing);
    return Number((check.looksInside && isOpen) || check.matches(sample.value));
  });
  return { may, must: check.looksInside ? may.map((bit, index) => (cells[index]?.isOpen ? 0 : bit)) : may };
}

function combined(composition: Composition, sets: readonly MatchSet[], size: number): MatchSet {
  const musts = sets.map(({ must }) => must);
  const mays = sets.map(({ may }) => may);
  switch (composition) {
    case 'all':
      return { must: intersection(musts, size), may: intersection(mays, size) };
    case 'any':
      return { must: union(musts, size), may: union(mays, size) };
    case 'not':
      return { must: complement(union(mays, size)), may: complement(union(musts, size)) };
  }
}

export function intersection(sets: readonly Uint8Array[], size: number): Uint8Array {
  const result = new Uint8Array(size).fill(1);
  for (const set of sets) {
    for (let at = 0; at < size; at += 1) if (set[at] === 0) result[at] = 0;
  }
  return result;
}

export function union(sets: readonly Uint8Array[], size: number): Uint8Array {
  const result = new Uint8Array(size);
  for (const set of sets) {
    for (let at = 0; at < size; at += 1) if (set[at] === 1) result[at] = 1;
  }
  return result;
}

const complement = (set: Uint8Array): Uint8Array => set.map((bit) => 1 - bit);

export const isEmpty = (set: Uint8Array): boolean => !set.includes(1);

export function isWithin(inner: Uint8Array, outer: Uint8Array): boolean {
  for (let at = 0; at < inner.length; at += 1) if (inner[at] === 1 && outer[at] === 0) return false;
  return true;
}
