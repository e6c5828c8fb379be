import { deepEqual, kindOf, preview, type Sizes } from './json-value.js';
import { orderAround, type Side } from './order.js';
import { holdsText } from './text-search.js';
import type { Bound, Comparisons } from './when.js';

/** One comparison with its operand bound. Nothing here throws. */
export interface Check {
  /** Ranges and lists name the values they want; others leave some out, or look inside them. */
  readonly kind: 'range' | 'list' | 'other';
  /** The values at which the answer may change. */
  readonly landmarks: readonly unknown[];
  /** Whether texts, or lists, that are no landmarks may be answered differently. */
  readonly looksInside: boolean;
  /** Whether a name without a value matches. */
  readonly matchesMissing: boolean;
  matches(value: unknown): boolean;
  /** What matches, as in "a number from 0.7 to 1". */
  wanted(): string;
  /** Why `value` matches or not, without a full stop. */
  why(value: unknown): string;
}

type Operand<Name extends keyof Comparisons> = Exclude<Comparisons[Name], undefined>;
type Single = Exclude<keyof Comparisons, 'min' | 'max'>;

const isBelow = (side: Side) => side < 0;
const isAbove = (side: Side) => side > 0;
const isNotBelow = (side: Side) => side >= 0;
const isNotAbove = (side: Side) => side <= 0;

/** Every operator but the two ends of a range, which are one check. */
const COMPARISONS: { readonly [Name in Single]: (operand: Operand<Name>) => Check } = {
  eq: equals,
  ne: differs,
  in: isOneOf,
  notIn: isNoneOf,
  gt: (bound) => ordered(bound, 'above', isAbove),
  gte: (bound) => ordered(bound, 'of at least', isNotBelow),
  lt: (bound) => ordered(bound, 'below', isBelow),
  lte: (bound) => ordered(bound, 'of at most', isNotAbove),
  contains: (part) => looking(part, 'contains', 'contain', contains(part)),
  startsWith: (part) =>
    looking(part, 'starts with', 'start with', (value) =>
      typeof value === 'string' ? value.startsWith(part) : Array.isArray(value) ? value[0] === part : undefined,
    ),
  endsWith: (part) =>
    looking(part, 'ends with', 'end with', (value) =>
      typeof value === 'string' ? value.endsWith(part) : Array.isArray(value) ? value.at(-1) === part : undefined,
    ),
  exists,
};

export const comparison = <Name extends Single>(name: Name, operand: Operand<Name>): Check =>
  COMPARISONS[name](operand);

/** Both ends belong to the range; both are numbers or both are dates. */
export function range(min: Bound, max: Bound): Check {
  const [low, high] = [orderAround(min), orderAround(max)];
  return check({
    kind: 'range',
    wanted: () => `${low.of} from ${preview(min)} to ${preview(max)}`,
    landmarks: [min, max],
    matches: (value) => passes(low.sideOf(value), isNotBelow) && passes(high.sideOf(value), isNotAbove),
    why: (value) => {
      const sides = [low.sideOf(value), high.sideOf(value)];
      if (sides.includes(undefined)) return unlike(value, low.of);
      if (sides[0] === -1) return `${preview(value)} is below ${preview(min)}`;
      if (sides[1] === 1) return `${preview(value)} is above ${preview(max)}`;
      return `${preview(value)} is from ${preview(min)} to ${preview(max)}`;
    },
  });
}

function ordered(bound: Bound, relation: string, accepts: (side: Side) => boolean): Check {
  const order = orderAround(bound);
  const same = order.of === 'an ISO date' ? 'on' : 'equal to';
  return check({
    kind: 'range',
    wanted: () => `${order.of} ${relation} ${preview(bound)}`,
    landmarks: [bound],
    looksInside: order.of === 'a text',
    matches: (value) => passes(order.sideOf(value), accepts),
    why: (value) => {
      const side = order.sideOf(value);
      if (side === undefined) return unlike(value, order.of);
      return `${preview(value)} is ${side < 0 ? 'below' : side > 0 ? 'above' : same} ${preview(bound)}`;
    },
  });
}

export function equals(operand: unknown): Check {
  return check({
    kind: 'list',
    wanted: () => preview(operand),
    landmarks: [operand],
    matches: (value) => deepEqual(value, operand),
    why: (value) => equality(value, operand),
  });
}

function differs(operand: unknown): Check {
  const isLike = (value: unknown) => operand === null || kindOf(value) === kindOf(operand);
  return check({
    wanted: () => (operand === null ? 'anything but null' : `${kindOf(operand)} other than ${preview(operand)}`),
    landmarks: [operand],
    matches: (value) => isLike(value) && !deepEqual(value, operand),
    why: (value) => (isLike(value) ? equality(value, operand) : unlike(value, kindOf(operand))),
  });
}

export function isOneOf(list: readonly unknown[]): Check {
  const isIn = membership(list);
  return check({
    kind: 'list',
    wanted: () => `a member of ${preview(list)}`,
    landmarks: list,
    matches: isIn,
    why: (value) => {
      if (isIn(value)) return `${preview(value)} is in ${preview(list)}`;
      return `${preview(value)} is not in ${preview(list)}${Array.isArray(value) ? '; contains asks for a member of a list' : ''}`;
    },
  });
}

function isNoneOf(list: readonly unknown[]): Check {
  const isIn = membership(list);
  return check({
    wanted: () => `anything outside ${preview(list)}`,
    landmarks: list,
    matches: (value) => !isIn(value),
    why: (value) => `${preview(value)} is ${isIn(value) ? 'in' : 'not in'} ${preview(list)}`,
  });
}

function exists(wanted: boolean): Check {
  return check({
    wanted: () => (wanted ? 'any value, null included' : 'no value at all'),
    matchesMissing: !wanted,
    matches: () => wanted,
    why: (value) => `there is a value, ${preview(value)}`,
  });
}

/** @param holds undefined for a value that has no inside */
function looking(part: unknown, does: string, doesNot: string, holds: (value: unknown) => boolean | undefined): Check {
  const subject = typeof part === 'string' ? 'a text or a list' : 'a list';
  return check({
    wanted: () => `${subject} that ${does} ${preview(part)}`,
    landmarks: [part],
    looksInside: true,
    matches: (value) => holds(value) === true,
    why: (value) => {
      const held = holds(value);
      if (held === undefined) return unlike(value, subject);
      return `${preview(value)} ${held ? does : `does not ${doesNot}`} ${preview(part)}`;
    },
  });
}

function contains(part: unknown): (value: unknown) => boolean | undefined {
  return (value) => {
    if (typeof value === 'string') return typeof part === 'string' ? holdsText(value, part) : undefined;
    const sizes: Sizes = new Map();
    return Array.isArray(value) ? value.some((member) => deepEqual(member, part, sizes)) : undefined;
  };
}

/** Linear in the list: what is no object is compared by the engine, and the value's members are counted once. */
function membership(list: readonly unknown[]): (value: unknown) => boolean {
  return (value) => {
    if (typeof value !== 'object' || value === null) return list.includes(value);
    const sizes: Sizes = new Map();
    return list.some((member) => deepEqual(member, value, sizes));
  };
}

const passes = (side: Side | undefined, accepts: (side: Side) => boolean): boolean =>
  side !== undefined && accepts(side);

function equality(value: unknown, operand: unknown): string {
  if (deepEqual(value, operand)) return `${preview(value)} is equal to ${preview(operand)}`;
  return kindOf(value) === kindOf(operand)
    ? `${preview(value)} is not ${preview(operand)}`
    : unlike(value, kindOf(operand));
}

/** The sentence of a type mismatch. */
const unlike = (value: unknown, wanted: string): string =>
  kindOf(value) === wanted
    ? `${preview(value)} is not ${wanted}`
    : `${preview(value)} is ${kindOf(value)}, not ${wanted}`;

const check = (given: Pick<Check, 'wanted' | 'matches' | 'why'> & Partial<Check>): Check => ({
  kind: 'other',
  landmarks: [],
  looksInside: false,
  matchesMissing: false,
  ...given,
});
