import { FIRST_INSTANT, LAST_INSTANT, periodOf } from './iso-date.js';
import { preview } from './json-value.js';
import type { Found } from '../definition/lookup.js';

/** Values that every check with the same landmarks answers alike. */
export interface Cell {
  /** One of them; undefined stands for a name without a value. */
  readonly sample: Found | undefined;
  /** Whether it holds many texts, lists or objects, which a check that looks inside may tell apart. */
  readonly isOpen: boolean;
  readonly label: string;
  readonly stretch?: Stretch;
}

/** Where the cell lies among the numbers, or among the milliseconds of ISO dates. */
export interface Stretch {
  readonly axis: Axis;
  readonly low: number;
  readonly high: number;
  /** Whether `low` and `high` themselves belong to it. */
  readonly isClosed: boolean;
}

export type Axis = 'number' | 'date';

/**
 * All values a name can have, divided at `landmarks`: numbers in ascending order, dates in ascending order, then
 * everything else. Undefined when a sample cannot be told from the landmarks.
 */
export function cellsOf(landmarks: readonly unknown[]): readonly Cell[] | undefined {
  const texts = new Set(landmarks.filter((landmark) => typeof landmark === 'string'));
  const dates = dateCells(texts);
  if (!dates) return undefined;
  const numbers = numberCells(landmarks.filter((landmark) => typeof landmark === 'number'));
  const composites = landmarks.filter((landmark) => typeof landmark === 'object' && landmark !== null);
  return [...numbers, ...dates, ...plainCells(texts), ...compositeCells(composites)];
}

function numberCells(landmarks: readonly number[]): readonly Cell[] {
  const points = ascending(landmarks);
  const cells = [between(-Infinity, points[0] ?? Infinity)];
  for (const [index, point] of points.entries()) {
    cells.push(cell(point, { axis: 'number', low: point, high: point, isClosed: true }));
    cells.push(between(point, points[index + 1] ?? Infinity));
  }
  return cells.filter((found) => found !== undefined);
}

/** Undefined when no number lies between. */
function between(low: number, high: number): Cell | undefined {
  const isWhole = low === -Infinity && high === Infinity;
  const middle = isWhole ? 0 : low === -Infinity ? low : high === Infinity ? high : low / 2 + high / 2;
  const isInside = isWhole || middle === -Infinity || middle === Infinity || (low < middle && middle < high);
  return isInside ? cell(middle, { axis: 'number', low, high, isClosed: false }) : undefined;
}

function dateCells(texts: ReadonlySet<string>): readonly Cell[] | undefined {
  const periods = [...texts].map(periodOf).filter((period) => period !== undefined);
  const cells = stretchesAround(ascending(periods.flatMap(({ first, last }) => [first, last]))).map(([low, high]) => {
    const sample = spellings(low).find((text) => !texts.has(text));
    return sample === undefined
      ? undefined
      : { ...cell(sample, { axis: 'date', low, high, isClosed: true }), isOpen: true };
  });
  return cells.includes(undefined) ? undefined : cells.filter((found) => found !== undefined);
}

/** The milliseconds of all dates, divided so that each point stands alone; nothing when there are no points. */
function stretchesAround(points: readonly number[]): readonly (readonly [low: number, high: number])[] {
  const last = points.at(-1);
  if (last === undefined) return [];
  const stretches = points.flatMap((point, index) => [
    [(points[index - 1] ?? FIRST_INSTANT - 1) + 1, point - 1] as const,
    [point, point] as const,
  ]);
  return [...stretches, [last + 1, LAST_INSTANT] as const].filter(([low, high]) => low <= high && high <= LAST_INSTANT);
}

/** Texts of one instant. */
function spellings(instantMs: number): readonly string[] {
  const text = new Date(instantMs).toISOString().slice(0, -1);
  return ['', '0', '00', '000', '0000', '00000', '000000'].map((zeros) => `${text}${zeros}Z`);
}

function plainCells(texts: ReadonlySet<string>): readonly Cell[] {
  return [
    { sample: undefined, isOpen: false, label: 'missing' },
    ...[null, true, false, ...texts].map((value) => cell(value)),
    { sample: { value: otherText(texts) }, isOpen: true, label: 'another text' },
  ];
}

function compositeCells(composites: readonly object[]): readonly Cell[] {
  const size = composites.reduce((largest, composite) => Math.max(largest, Object.keys(composite).length), 0) + 1;
  const otherList = Array.from({ length: size }, () => null);
  return [
    ...composites.map((value) => cell(value)),
    { sample: { value: otherList }, isOpen: true, label: 'another list' },
    { sample: { value: { ...otherList } }, isOpen: true, label: 'another object' },
  ];
}

/** A text longer than all of these. */
const otherText = (texts: ReadonlySet<string>): string =>
  '?'.repeat([...texts].reduce((longest, { length }) => Math.max(longest, length), 0) + 1);

const cell = (value: unknown, stretch?: Stretch): Cell => ({
  sample: { value },
  isOpen: false,
  label: preview(value),
  stretch,
});

/** Without repetitions; minus zero is zero. */
const ascending = (values: readonly number[]): readonly number[] =>
  [...new Set(values.map((value) => value + 0))].sort((a, b) => a - b);

const MAX_PARTS = 3;

/** The marked cells in words, as in `from 0.5 to 0.7 or missing`. */
export function describeCells(cells: readonly Cell[], marks: Uint8Array): string {
  const parts: string[] = [];
  for (let at = 0; at < cells.length && parts.length <= MAX_PARTS; at += 1) {
    const first = cells[at];
    if (!first || !marks[at]) continue;
    while (first.stretch && marks[at + 1] && cells[at + 1]?.stretch?.axis === first.stretch.axis) at += 1;
    parts.push(first.stretch ? describeStretch(first.stretch, cells[at]?.stretch ?? first.stretch) : first.label);
  }
  return parts.length > MAX_PARTS ? `${parts.slice(0, MAX_PARTS).join(' or ')} and more` : parts.join(' or ');
}

function describeStretch(first: Stretch, last: Stretch): string {
  const [low, high] =
    first.axis === 'date' ? [startText(first.low), endText(last.high)] : [numberText(first.low), numberText(last.high)];
  if (low === undefined && high === undefined) return first.axis === 'date' ? 'any date' : 'any number';
  if (low === high && low !== undefined) return low;
  const from = low && `${first.isClosed ? 'at least' : 'above'} ${low}`;
  const to = high && `${last.isClosed ? 'at most' : 'below'} ${high}`;
  if (from && to) return first.isClosed && last.isClosed ? `from ${low} to ${high}` : `${from} and ${to}`;
  return from ?? to ?? '';
}

const numberText = (value: number): string | undefined => (Number.isFinite(value) ? String(value) : undefined);

const startText = (ms: number): string | undefined =>
  ms === FIRST_INSTANT ? undefined : new Date(ms).toISOString().replace('T00:00:00.000Z', '');

const endText = (ms: number): string | undefined =>
  ms === LAST_INSTANT ? undefined : new Date(ms).toISOString().replace('T23:59:59.999Z', '');
