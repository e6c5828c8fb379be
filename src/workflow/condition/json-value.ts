const MAX_PREVIEW = 80;
const MAX_PREVIEW_DEPTH = 4;

export type JsonKind = 'a number' | 'a text' | 'a boolean' | 'null' | 'a list' | 'an object';

export function kindOf(value: unknown): JsonKind {
  if (value === null || value === undefined) return 'null';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'number' || typeof value === 'bigint') return 'a number';
  if (typeof value === 'boolean') return 'a boolean';
  return typeof value === 'object' ? 'an object' : 'a text';
}

/** The number of members of objects that are compared often. */
export type Sizes = Map<object, number>;

/**
 * Equality of JSON values; the order of an object's members does not matter. Iterative, so any depth will do. Takes
 * time in the smaller of the two, apart from counting members once for each object and `sizes`.
 */
export function deepEqual(left: unknown, right: unknown, sizes: Sizes = new Map()): boolean {
  const pending: (readonly [unknown, unknown])[] = [[left, right]];
  for (let pair = pending.pop(); pair; pair = pending.pop()) {
    const [a, b] = pair;
    if (a === b) continue;
    if (!isComposite(a) || !isComposite(b) || Array.isArray(a) !== Array.isArray(b)) return false;
    if (sizeOf(a, sizes) !== sizeOf(b, sizes)) return false;
    for (const key of Object.keys(a)) {
      if (!Object.hasOwn(b, key)) return false;
      pending.push([a[key], b[key]]);
    }
  }
  return true;
}

/** JSON text of at most 80 characters; what is left out shows as an ellipsis. Reads no more of a value than it prints. */
export function preview(value: unknown): string {
  const text = print(value, MAX_PREVIEW, MAX_PREVIEW_DEPTH);
  return text.length > MAX_PREVIEW ? `${text.slice(0, MAX_PREVIEW - 1).toWellFormed()}…` : text;
}

function print(value: unknown, room: number, depth: number): string {
  if (typeof value === 'string') return printText(value, room);
  if (!isComposite(value)) return String(value);
  return Array.isArray(value) ? printList(value, room, depth) : printObject(value, room, depth);
}

const printText = (text: string, room: number): string =>
  text.length > room
    ? `${JSON.stringify(text.slice(0, Math.max(room, 0)).toWellFormed()).slice(0, -1)}…`
    : JSON.stringify(text);

function printList(list: readonly unknown[], room: number, depth: number): string {
  let text = '[';
  for (const [index, member] of list.entries()) {
    if (text.length > room || depth === 0) return `${text}…]`;
    text += (index > 0 ? ',' : '') + print(member, room - text.length, depth - 1);
  }
  return `${text}]`;
}

function printObject(object: Readonly<Record<string, unknown>>, room: number, depth: number): string {
  let text = '{';
  for (const key in object) {
    if (!Object.hasOwn(object, key)) continue;
    if (text.length > room || depth === 0) return `${text}…}`;
    text += `${text.length > 1 ? ',' : ''}${printText(key, room - text.length)}:`;
    text += print(object[key], room - text.length, depth - 1);
  }
  return `${text}}`;
}

const isComposite = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;

function sizeOf(value: object, sizes: Sizes): number {
  if (Array.isArray(value)) return value.length;
  const known = sizes.get(value);
  if (known !== undefined) return known;
  const size = Object.keys(value).length;
  sizes.set(value, size);
  return size;
}
