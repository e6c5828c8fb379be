import type { Branch } from './branches.js';
import type { Check } from './check.js';
import { evaluate } from './condition.js';
import { periodOf } from './iso-date.js';
import { intersection, isEmpty, setOfWhen, type MatchSet } from './match-set.js';
import { cellsOf, type Axis, type Cell } from './value-cells.js';
import { entriesOf, partsOf } from './when-parts.js';
import { readWhen, type Expectation, type When } from './when.js';

/** What a branch asks of each name on its own; a scope matches when every name does. */
export interface Box {
  readonly index: number;
  readonly id: string;
  readonly sets: ReadonlyMap<string, MatchSet>;
  /** Every name it mentions, also where it is only known that some value may match. */
  readonly names: ReadonlySet<string>;
  /** Whether it asks for more than `sets` says, so that nothing certainly matches. */
  readonly isPartial: boolean;
  readonly isImpossible: boolean;
  /** Whether it consists of ranges and lists, without a `not` or anything like it. */
  readonly isSelective: boolean;
}

export interface Field {
  readonly cells: readonly Cell[];
  /** The cell of a name without a value. */
  readonly missing: number;
  /** The axes on which some branch has a range. */
  readonly axes: ReadonlySet<Axis>;
}

export interface Layout {
  readonly fields: ReadonlyMap<string, Field>;
  readonly boxes: readonly Box[];
}

/** Comparisons of a cell with an expectation, and cells of two branches, that a layout may cost. */
const BUDGET = 2_000_000;
const CELLS_FOR_ONE_COMPARISON = 32;
const LANDMARKS_FOR_ONE_COMPARISON = 50;

/** The branches as boxes. Takes bounded time: a name with too many values to look at is treated as unknown. */
export function layOut(branches: readonly Branch[]): Layout {
  const whens = branches.map(({ when }) => readWhen(when)).map((read) => ('when' in read ? read.when : undefined));
  const fields = fieldsOf(whens.filter((when) => when !== undefined));
  return { fields, boxes: branches.map(({ id }, index) => boxOf(id, index, whens[index], fields)) };
}

function fieldsOf(whens: readonly When[]): ReadonlyMap<string, Field> {
  const fields = new Map<string, Field>();
  let left = BUDGET;
  for (const [path, checks] of checksByPath(whens)) {
    const landmarks = checks.flatMap((check) => check.landmarks);
    const cells = cellsOf(landmarks);
    const cost = costOf(checks.length, landmarks.length, cells?.length ?? 0);
    if (!cells || cost > left) continue;
    left -= cost;
    const axes = new Set(checks.filter(({ kind }) => kind === 'range').flatMap(axesOf));
    fields.set(path, { cells, missing: cells.findIndex(({ sample }) => !sample), axes });
  }
  return fields;
}

function checksByPath(whens: readonly When[]): ReadonlyMap<string, readonly Check[]> {
  const checks = new Map<string, Check[]>();
  for (const [path, check] of whens.flatMap((when) => [...checksIn(when)])) {
    const known = checks.get(path);
    if (known) known.push(check);
    else checks.set(path, [check]);
  }
  return checks;
}

const costOf = (checks: number, landmarks: number, cells: number): number =>
  cells * (checks + landmarks / LANDMARKS_FOR_ONE_COMPARISON + checks ** 2 / CELLS_FOR_ONE_COMPARISON);

const axesOf = ({ landmarks }: Check): readonly Axis[] =>
  landmarks.flatMap((landmark) => {
    if (typeof landmark === 'number') return 'number';
    return typeof landmark === 'string' && periodOf(landmark) ? 'date' : [];
  });

/** Every check of a `when`, with the path it is about. */
function* checksIn(when: When): Generator<readonly [path: string, check: Check]> {
  for (const entry of entriesOf(when)) {
    if ('path' in entry) for (const check of checksOf(entry.expectation)) yield [entry.path, check];
    else for (const member of entry.members) yield* checksIn(member);
  }
}

const checksOf = (expectation: Expectation): readonly Check[] =>
  partsOf(expectation).flatMap((part) => ('check' in part ? part.check : part.members.flatMap(checksOf)));

function boxOf(id: string, index: number, when: When | undefined, fields: ReadonlyMap<string, Field>): Box {
  const sets = new Map<string, MatchSet>();
  const box = { index, id, sets, names: new Set<string>(), isPartial: !when, isImpossible: false, isSelective: false };
  if (!when) return box;
  box.isSelective = isSelectiveWhen(when);
  for (const factor of factorsOf(when)) {
    const names = namesIn(factor);
    for (const name of names) box.names.add(name);
    const [name = ''] = names;
    const field = fields.get(name);
    if (names.size === 0) box.isImpossible ||= !evaluate(factor, { input: null, variables: {}, nodes: {} }).matched;
    else if (names.size > 1 || !field) box.isPartial = true;
    else sets.set(name, both(sets.get(name), setOfWhen(factor, field.cells)));
  }
  box.isImpossible ||= [...sets.values()].some(({ may }) => isEmpty(may));
  return box;
}

/** Whens that must all match and together say the same. */
const factorsOf = (when: When): readonly When[] =>
  entriesOf(when).flatMap((entry): readonly When[] => {
    if ('path' in entry) return [{ [entry.path]: entry.expectation }];
    const { composition, members } = entry;
    return composition === 'all' ? members.flatMap(factorsOf) : [{ [composition]: when[composition] }];
  });

const namesIn = (when: When): ReadonlySet<string> => new Set([...checksIn(when)].map(([name]) => name));

function both(earlier: MatchSet | undefined, set: MatchSet): MatchSet {
  if (!earlier) return set;
  const size = set.may.length;
  return { must: intersection([earlier.must, set.must], size), may: intersection([earlier.may, set.may], size) };
}

const isSelectiveWhen = (when: When): boolean =>
  entriesOf(when).every((entry) => {
    if ('path' in entry) return isSelective(entry.expectation);
    return entry.composition !== 'not' && entry.members.every(isSelectiveWhen);
  });

const isSelective = (expectation: Expectation): boolean =>
  partsOf(expectation).every((part) => {
    if ('check' in part) return part.check.kind !== 'other';
    return part.composition !== 'not' && part.members.every(isSelective);
  });
