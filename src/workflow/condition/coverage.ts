import { layOut, type Box, type Field, type Layout } from './branch-box.js';
import type { Branch } from './branches.js';
import { intersection, isEmpty, isWithin, union } from './match-set.js';
import { describeCells, type Axis, type Cell } from './value-cells.js';

export interface ConditionWarning {
  readonly code: 'condition-gap' | 'condition-overlap' | 'condition-unreachable';
  readonly severity: 'warning';
  readonly pointer: string;
  readonly message: string;
  readonly hint: string;
}

export interface BranchList {
  readonly branches: readonly Branch[];
  readonly hasDefault: boolean;
  /** JSON pointer of the list of branches. */
  readonly pointer: string;
}

const MAX_BRANCHES = 200;
const MAX_WARNINGS = 100;
const MAX_CONTEXTS = 1_000;
const MAX_NAMES = 3;

/**
 * What an author may not have meant: branches that are never taken, values between two ranges that no branch takes, a
 * missing default that is needed, and ranges and lists of two branches that share values. Takes names as independent of
 * each other. Never calls a branch unreachable that some scope reaches; where it cannot tell it says nothing. Looks at
 * the first 200 branches, reports at most 100 warnings, and takes bounded time.
 */
export function coverage({ branches, hasDefault, pointer }: BranchList): readonly ConditionWarning[] {
  const layout = layOut(branches.slice(0, MAX_BRANCHES));
  const unreachable = layout.boxes.flatMap((box) => unreachableBox(box, layout));
  const indexes = new Set(unreachable.map(({ index }) => index));
  const reachable = layout.boxes.filter(({ index }) => !indexes.has(index));
  const isComplete = hasDefault || branches.length > MAX_BRANCHES;
  return [
    ...unreachable.map(({ index, why }) => neverTaken(index, why)),
    ...[...layout.fields].flatMap(([name, field]) => gaps(name, field, layout.boxes)),
    ...(isComplete ? [] : missingDefault(reachable, layout)),
    ...overlaps(reachable, layout),
  ]
    .slice(0, MAX_WARNINGS)
    .map((warning) => ({ ...warning, pointer: pointer + warning.pointer }));
}

interface Unreachable {
  readonly index: number;
  readonly why: string;
}

/** Why the box is never taken; nothing when it may be. */
function unreachableBox(box: Box, { boxes, fields }: Layout): readonly Unreachable[] {
  const { index, id } = box;
  if (box.isImpossible) return [{ index, why: `Branch "${id}" can never match: ${contradictionIn(box)}.` }];
  const takers = takersOf(box, boxes.slice(0, index), fields)?.map((taker) => taker.id);
  if (!takers) return [];
  const why = `Branch "${id}" is never taken: all that it matches is taken before it by ${listed(takers, ' and ')}.`;
  return [{ index, why }];
}

function contradictionIn({ sets }: Box): string {
  const [name] = [...sets].find(([, { may }]) => isEmpty(may)) ?? [];
  return name === undefined ? 'its condition contradicts itself' : `no value of "${name}" fulfils it`;
}

/** Boxes that together take all of `box`: one alone, or several that differ from it in one and the same name. */
function takersOf(box: Box, earlier: readonly Box[], fields: ReadonlyMap<string, Field>): readonly Box[] | undefined {
  const partial = new Map<string, Box[]>();
  for (const other of earlier) {
    if (other.isPartial || other.isImpossible) continue;
    const [name, second] = shortOf(other, box);
    if (name === undefined) return [other];
    if (second === undefined) partial.set(name, [...(partial.get(name) ?? []), other]);
  }
  for (const [name, others] of partial) {
    const size = fields.get(name)?.cells.length ?? 0;
    const musts = others.flatMap(({ sets }) => sets.get(name)?.must ?? []);
    if (isWithin(mayOf(box, name, size), union(musts, size))) return others;
  }
  return undefined;
}

/** The first two names of which `other` does not take all that `box` may match. */
function shortOf(other: Box, box: Box): readonly string[] {
  const names: string[] = [];
  for (const [name, { must }] of other.sets) {
    if (!isWithin(mayOf(box, name, must.length), must)) names.push(name);
    if (names.length === 2) break;
  }
  return names;
}

const mayOf = (box: Box, name: string, size: number): Uint8Array =>
  box.sets.get(name)?.may ?? new Uint8Array(size).fill(1);

const neverTaken = (index: number, message: string): ConditionWarning => ({
  code: 'condition-unreachable',
  severity: 'warning',
  pointer: whenOf(index),
  message,
  hint: 'Correct the condition, move the branch up, or remove it.',
});

function overlaps(boxes: readonly Box[], { fields }: Layout): readonly ConditionWarning[] {
  const comparable = boxes.filter(({ isPartial, isSelective, sets }) => isSelective && !isPartial && sets.size > 0);
  const found: ConditionWarning[] = [];
  for (const [position, later] of comparable.entries()) {
    for (const earlier of comparable.slice(0, position)) {
      const shared = sharedBy(earlier, later, fields);
      if (shared !== undefined) found.push(overlap(earlier, later, shared));
      if (found.length === MAX_WARNINGS) return found;
    }
  }
  return found;
}

/** The values that both take, in words; undefined when there are none, or when they ask about different names. */
function sharedBy(earlier: Box, later: Box, fields: ReadonlyMap<string, Field>): string | undefined {
  if (earlier.sets.size !== later.sets.size) return undefined;
  const parts: string[] = [];
  for (const [name, { must }] of later.sets) {
    const other = earlier.sets.get(name);
    if (!other) return undefined;
    const shared = intersection([must, other.must], must.length);
    if (isEmpty(shared)) return undefined;
    parts.push(`"${name}" is ${describeCells(fields.get(name)?.cells ?? [], shared)}`);
  }
  return parts.join(' and ');
}

const overlap = (earlier: Box, later: Box, shared: string): ConditionWarning => ({
  code: 'condition-overlap',
  severity: 'warning',
  pointer: whenOf(later.index),
  message: `Branches "${earlier.id}" and "${later.id}" both match when ${shared}; "${earlier.id}" comes first and is taken.`,
  hint: 'Leave the shared values to one of them (gt and lt leave their bound out), or leave it if the order says what you mean.',
});

/** Stretches between the ranges of two branches that no branch asking about the name takes. */
function gaps(name: string, { cells, axes }: Field, boxes: readonly Box[]): readonly ConditionWarning[] {
  const asking = boxes
    .filter(({ names, isImpossible }) => names.has(name) && !isImpossible)
    .map((box) => ({ box, may: mayOf(box, name, cells.length) }));
  const asked = asking.map(({ may }) => may);
  const taken = union(asked, cells.length);
  return [...axes].flatMap((axis) =>
    holesIn(axis, cells, taken).flatMap(([below, above]) => {
      const takers = asking.filter(({ may }) => may[above] === 1);
      if (takers.some(({ may }) => may[below] === 1)) return [];
      return gap(name, describeCells(cells, marked(cells, below + 1, above)), takers[0]?.box);
    }),
  );
}

/** Pairs of taken cells of one axis with nothing but cells between them that are not. */
function holesIn(
  axis: Axis,
  cells: readonly Cell[],
  taken: Uint8Array,
): readonly (readonly [below: number, above: number])[] {
  const takenOnAxis = [...cells.keys()].filter((at) => taken[at] === 1 && cells[at]?.stretch?.axis === axis);
  return takenOnAxis.flatMap((at, position) => {
    const next = takenOnAxis[position + 1];
    return next === undefined || next === at + 1 ? [] : [[at, next] as const];
  });
}

const marked = (cells: readonly Cell[], from: number, to: number): Uint8Array =>
  new Uint8Array(cells.length).fill(1, from, to);

const gap = (name: string, values: string, next: Box | undefined): ConditionWarning => ({
  code: 'condition-gap',
  severity: 'warning',
  pointer: next ? whenOf(next.index) : '',
  message: `No branch that asks about "${name}" matches when it is ${values}.`,
  hint: 'Widen one of the ranges beside it, or leave it if the default is meant to take these values.',
});

/** Warns when a scope is found that matches no branch, among those with at most one name that has a value. */
function missingDefault(boxes: readonly Box[], { fields }: Layout): readonly ConditionWarning[] {
  const isOpen = (name: string, at: number): boolean =>
    boxes.every(({ sets }) =>
      [...sets].some(([asked, { may }]) => may[asked === name ? at : missingIn(fields, asked)] === 0),
    );
  if (fields.size === 0) return isOpen('', 0) ? [noDefault('at all')] : [];
  if (isOpen('', 0)) return [noDefault(`when there is no ${listed([...fields.keys()], ' or ')}`)];
  const contexts = [...fields].flatMap(([name, { cells }]) => cells.map((_, at) => ({ name, at, cells })));
  const open = contexts.slice(0, MAX_CONTEXTS).find(({ name, at }) => isOpen(name, at));
  if (!open) return [];
  return [noDefault(`when "${open.name}" is ${describeCells(open.cells, marked(open.cells, open.at, open.at + 1))}`)];
}

const missingIn = (fields: ReadonlyMap<string, Field>, name: string): number => fields.get(name)?.missing ?? 0;

const noDefault = (when: string): ConditionWarning => ({
  code: 'condition-gap',
  severity: 'warning',
  pointer: '',
  message: `There is no default, and no branch matches ${when}; such a run fails with no-branch-matched.`,
  hint: 'Add a default.',
});

const whenOf = (index: number): string => `/${index}/when`;

function listed(names: readonly string[], word: string): string {
  const shown = names.slice(0, MAX_NAMES).map((name) => `"${name}"`);
  return [...shown, ...(names.length > MAX_NAMES ? ['others'] : [])].join(word);
}
