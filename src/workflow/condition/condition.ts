import type { Check } from './check.js';
import { pointerOf } from './json-pointer.js';
import { preview } from './json-value.js';
import { find, isRooted, type ReferenceScope, type Found } from '../definition/lookup.js';
import { COMPOSITIONS, entriesOf, partsOf, type Composed, type Entry, type Part } from './when-parts.js';
import { readWhen, type Expectation, type When } from './when.js';

/** What one condition asked, what it found and how that ended. */
export interface Reason {
  /** JSON pointer into the `when`. */
  readonly pointer: string;
  /** The name that was looked up; empty where whole whens are composed. */
  readonly path: string;
  /** The expectation, as JSON of at most 80 characters; for a composition as in `any of 2`. */
  readonly expected: string;
  /** The value, as JSON of at most 80 characters; absent when there is none. */
  readonly actual?: string;
  readonly matched: boolean;
  readonly why: string;
  /** What would have matched; absent when it did. */
  readonly wouldMatch?: string;
}

export interface Outcome {
  readonly matched: boolean;
  /** One for every condition, a composition before its members. Nothing is skipped once the outcome is certain. */
  readonly reasons: readonly Reason[];
}

type Path = readonly PropertyKey[];
type Place = Pick<Reason, 'pointer' | 'path'>;
type Asked = Pick<Reason, 'pointer' | 'path' | 'expected'>;

/**
 * Whether `scope` fulfils `when`. Total: a `when` that is not valid matches nothing and its faults are the reasons. Takes
 * time linear in the size of `when`, and for each of its conditions in the size of the value it names.
 */
export function evaluate(when: When, scope: ReferenceScope): Outcome {
  const read = readWhen(when);
  if ('when' in read) return ofWhen(read.when, scope, []);
  return { matched: false, reasons: read.faults.map(({ pointer, detail }) => invalid(pointer, detail)) };
}

const ofWhen = (when: When, scope: ReferenceScope, at: Path): Outcome =>
  every(entriesOf(when).map((entry) => ofEntry(entry, scope, at)));

function ofEntry(entry: Entry, scope: ReferenceScope, at: Path): Outcome {
  if ('path' in entry)
    return ofExpectation(entry.expectation, entry.path, find(entry.path, scope), [...at, entry.path]);
  const outcomes = entry.members.map((member, index) => ofWhen(member, scope, memberPath(entry, at, index)));
  return composed(entry, outcomes, { pointer: pointerOf([...at, entry.composition]), path: '' });
}

const ofExpectation = (expectation: Expectation, path: string, found: Found | undefined, at: Path): Outcome =>
  every(partsOf(expectation).map((part) => ofPart(part, path, found, at)));

function ofPart(part: Part, path: string, found: Found | undefined, at: Path): Outcome {
  if ('check' in part) {
    const pointer = pointerOf(part.operator === undefined ? at : [...at, part.operator]);
    return checked(part.check, found, { pointer, path, expected: preview(part.expected) });
  }
  const outcomes = part.members.map((member, index) => ofExpectation(member, path, found, memberPath(part, at, index)));
  return composed(part, outcomes, { pointer: pointerOf([...at, part.composition]), path }, found);
}

function checked(check: Check, found: Found | undefined, asked: Asked): Outcome {
  const matched = found ? check.matches(found.value) : check.matchesMissing;
  const why = found ? check.why(found.value) : nothingAt(asked.path);
  return { matched, reasons: [answer(asked, found, matched, why, matched ? undefined : check.wanted())] };
}

function composed(of: Composed<unknown>, outcomes: readonly Outcome[], place: Place, found?: Found): Outcome {
  const { matches, wanted } = COMPOSITIONS[of.composition];
  const matching = outcomes.filter((outcome) => outcome.matched).length;
  const matched = matches(matching, outcomes.length);
  const asked = { ...place, expected: `${of.composition} of ${outcomes.length}` };
  const why = `${matching} of ${outcomes.length} matched`;
  const own = answer(asked, found, matched, why, matched ? undefined : wanted);
  return { matched, reasons: [own, ...outcomes.flatMap(({ reasons }) => reasons)] };
}

const every = (outcomes: readonly Outcome[]): Outcome => ({
  matched: outcomes.every(({ matched }) => matched),
  reasons: outcomes.flatMap(({ reasons }) => reasons),
});

const answer = (
  asked: Asked,
  found: Found | undefined,
  matched: boolean,
  why: string,
  wouldMatch?: string,
): Reason => ({
  ...asked,
  ...(found && { actual: preview(found.value) }),
  matched,
  why,
  ...(wouldMatch !== undefined && { wouldMatch }),
});

const invalid = (pointer: string, detail: string): Reason => ({
  pointer,
  path: '',
  expected: 'a valid condition',
  matched: false,
  why: `the condition ${detail}`,
});

const nothingAt = (path: string): string =>
  isRooted(path) ? `there is no ${path}` : `there is no ${path} in the variables or the input`;

const memberPath = ({ composition }: Composed<unknown>, at: Path, index: number): Path =>
  composition === 'not' ? [...at, composition] : [...at, composition, index];
