import { pointerOf } from '../condition/json-pointer.js';
import { fault, quoted, type Violation } from './violation.js';

/** What of a value can be looked at by functions that recurse. */
export interface PlainDefinition {
  /** A copy without what is refused and what is too deep; undefined when nothing can be done with it. */
  readonly value: unknown;
  /** Size as JSON text in UTF-8. */
  readonly bytes: number;
  readonly faults: readonly Violation[];
}

/** Bounds of any request body below its own object (plain-data.ts): what they refuse could be checked but not stored. */
const STORABLE_DEPTH = 31;
const STORABLE_ITEMS = 1_000;
const REFUSED_NAMES: ReadonlySet<string> = new Set(['__proto__', 'constructor']);

/** Deeper than this nothing is looked at. */
const MAX_DEPTH = 100;
/** Of a member, in characters: every pointer to what is inside repeats it. */
const MAX_NAME = 256;
const MAX_VALUES = 1_000_000;
const MAX_FAULTS = 1_000;
const MAX_BYTES = 524_288;
/** Larger than this nothing but the size is looked at. */
const MAX_READ_BYTES = 4_194_304;

/** Where a value is. Written out only for what is reported. */
interface Place {
  readonly parent?: Place;
  readonly name: string;
}

interface Task {
  readonly source: object;
  readonly copy: Record<string, unknown> | unknown[];
  readonly place?: Place;
  readonly depth: number;
}

/** Iterative, and linear in what it looks at. Total for any value, cyclic ones included. */
export function readPlain(given: unknown): PlainDefinition {
  const faults: Violation[] = [];
  const pending: Task[] = [];
  let values = 0;
  let isDeep = false;
  const value = copyOf(given, undefined, 0);
  for (let task = pending.pop(); task; task = pending.pop()) {
    const { source, copy, place, depth } = task;
    const entries = Object.entries(source);
    values += entries.length;
    if (values > MAX_VALUES) return { value: undefined, bytes: Infinity, faults: [tooLarge()] };
    if (entries.length > STORABLE_ITEMS && !isListOfGraph(place))
      report(place, `has ${entries.length} entries; at most ${STORABLE_ITEMS} can be stored`);
    for (const [name, member] of entries) {
      const at = { parent: place, name };
      const wrong = nameFault(name);
      if (wrong !== undefined) report(at, wrong);
      else if (member !== undefined) (copy as Record<string, unknown>)[name] = copyOf(member, at, depth + 1);
    }
  }
  if (value === undefined) return { value, bytes: 0, faults };
  const bytes = Buffer.byteLength(JSON.stringify(value));
  if (bytes > MAX_BYTES) faults.push(tooLarge(bytes));
  return { value: bytes > MAX_READ_BYTES ? undefined : value, bytes, faults };

  function copyOf(member: unknown, place: Place | undefined, depth: number): unknown {
    if (depth > STORABLE_DEPTH && !isDeep) {
      isDeep = true;
      const message = `${named(place)} is nested deeper than ${STORABLE_DEPTH}.`;
      faults.push(fault('too-deep', pointerTo(place), message, FLATTEN));
    }
    if (typeof member === 'string') {
      const wrong = textFault(member);
      if (wrong !== undefined) report(place, wrong);
      return member;
    }
    if (member === null || typeof member === 'boolean') return member;
    if (typeof member === 'number' && Number.isFinite(member)) return member;
    if (typeof member !== 'object') return report(place, 'is no JSON value');
    if (depth > MAX_DEPTH) return null;
    const copy = Array.isArray(member) ? [] : {};
    pending.push({ source: member, copy, place, depth });
    return copy;
  }

  function report(place: Place | undefined, what: string): undefined {
    if (faults.length < MAX_FAULTS)
      faults.push(fault('invalid-structure', pointerTo(place), `${named(place)} ${what}.`, 'Remove or rename it.'));
  }
}

const FLATTEN = 'Nest less: name stored workflows in place of definitions on the spot.';

/** Their number is reported as such. */
const isListOfGraph = (place?: Place): boolean => place?.name === 'nodes' || place?.name === 'edges';

const tooLarge = (bytes?: number): Violation =>
  fault(
    'too-large',
    '',
    `The definition is ${bytes === undefined ? 'far too large' : `${bytes} bytes of JSON`}; at most ${MAX_BYTES} are allowed.`,
    'Move parts of it into workflows of their own, and large texts into documents.',
  );

function nameFault(name: string): string | undefined {
  if (name.length > MAX_NAME) return `is a name of more than ${MAX_NAME} characters`;
  return REFUSED_NAMES.has(name) ? 'is a name that is never accepted' : textFault(name);
}

function textFault(text: string): string | undefined {
  if (text.includes('\0')) return 'holds a NUL character';
  return text.isWellFormed() ? undefined : 'is no well-formed Unicode (it has a lone surrogate)';
}

const named = (place?: Place): string => (place ? quoted(shown(place)) : 'The definition');

function pointerTo(place: Place | undefined): string {
  const names: string[] = [];
  for (let at = place; at; at = at.parent) names.unshift(shown(at));
  return pointerOf(names);
}

/** What is wrong may be the name. */
const shown = ({ name }: Place): string => name.slice(0, MAX_NAME).replaceAll('\0', '').toWellFormed();
