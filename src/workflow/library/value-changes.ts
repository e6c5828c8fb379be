import { pointerOf } from '../condition/json-pointer.js';
import { canonicalJson } from '../../platform/schema/canonical-json.js';

/** What is different at one place of a JSON value. A side that has no such place has no member here. */
export interface ValueChange {
  readonly pointer: string;
  readonly before?: unknown;
  readonly after?: unknown;
}

/** An object or list with more differences than this is one difference, as a whole. */
export const MAX_CHANGES = 100;
/** Characters of a pointer below which differences are not told apart: every one of them would repeat it. */
export const MAX_POINTER = 200;

/**
 * Where two JSON values differ, each place once and as deep as it goes: objects are compared by member, lists of one
 * length by index; lists of different lengths differ as a whole. Takes time linear in the size of both.
 */
export function valueChanges(before: unknown, after: unknown, pointer = ''): readonly ValueChange[] {
  const whole = { pointer, before, after };
  if (pointer.length > MAX_POINTER) return canonicalJson(before) === canonicalJson(after) ? [] : [whole];
  const inner = innerChanges(before, after, pointer);
  if (inner) return inner.length > MAX_CHANGES ? [whole] : inner;
  return before === after ? [] : [whole];
}

type Members = Readonly<Record<string, unknown>>;

/** Undefined when the two cannot be compared part by part. */
function innerChanges(before: unknown, after: unknown, pointer: string): readonly ValueChange[] | undefined {
  if (isMembers(before) && isMembers(after)) return memberChanges(before, after, pointer);
  if (!isList(before) || !isList(after) || before.length !== after.length) return undefined;
  return before.flatMap((item, index) => valueChanges(item, after[index], `${pointer}/${index}`));
}

function memberChanges(before: Members, after: Members, parent: string): readonly ValueChange[] {
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...names].flatMap((name) => {
    const pointer = `${parent}${pointerOf([name])}`;
    if (!has(before, name)) return has(after, name) ? [{ pointer, after: after[name] }] : [];
    return has(after, name) ? valueChanges(before[name], after[name], pointer) : [{ pointer, before: before[name] }];
  });
}

const isList = (value: unknown): value is readonly unknown[] => Array.isArray(value);

const isMembers = (value: unknown): value is Members =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** As in JSON, a member that is undefined is none. */
const has = (members: Members, name: string): boolean => Object.hasOwn(members, name) && members[name] !== undefined;
