import { pointerOf } from '../condition/json-pointer.js';
import type { Members } from './definition-view.js';

/** A definition by itself: whatever definitions it holds are replaced by a stand-in. */
export interface Detached {
  readonly own: Members;
  /** What was replaced, by its pointer within the definition. */
  readonly nested: ReadonlyMap<string, Members>;
}

/** Well formed, so that a schema finds no fault in it; what it stands for is checked on its own. */
const STAND_IN = { kind: 'graph', nodes: [{ id: 'nested', type: 'nested' }] };

const KINDS: ReadonlySet<unknown> = new Set(['graph', 'conditional', 'composite']);

/**
 * Takes a definition apart from those inside it, so that each is read once, however deep it is and however often the
 * schemas of outer ones would read it again. Data that merely looks like a definition is replaced as well; no rule misses
 * it. @param definition not deeper than recursion allows
 */
export function detach(definition: Members): Detached {
  const nested = new Map<string, Members>();
  const copy = (value: unknown, pointer: string): unknown => {
    if (Array.isArray(value)) return value.map((item, index) => copy(item, `${pointer}/${index}`));
    if (!isMembers(value)) return value;
    if (pointer !== '' && Object.hasOwn(value, 'kind') && KINDS.has(value.kind)) {
      nested.set(pointer, value);
      return STAND_IN;
    }
    return Object.fromEntries(
      Object.entries(value).map(([key, member]) => [key, copy(member, pointer + pointerOf([key]))]),
    );
  };
  return { own: copy(definition, '') as Members, nested };
}

export const isMembers = (value: unknown): value is Members =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The own property at a JSON pointer; undefined when there is none. */
export function valueAt(value: unknown, pointer: string): unknown {
  let found = value;
  for (const part of pointer.split('/').slice(1)) {
    const name = part.replaceAll('~1', '/').replaceAll('~0', '~');
    if (typeof found !== 'object' || found === null || !Object.hasOwn(found, name)) return undefined;
    found = (found as Members)[name];
  }
  return found;
}
