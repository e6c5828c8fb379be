import { canonicalJson } from '../../platform/schema/canonical-json.js';

/** What is different at one place of a tool's definition. A side that has no such place has no member here. */
export interface DefinitionChange {
  readonly pointer: string;
  readonly before?: unknown;
  readonly after?: unknown;
}

const MAX_CHANGES = 50;

/** Where two definitions differ, as deep as it goes; beyond 50 places as a whole. Lists differ as a whole. */
export function definitionChanges(before: unknown, after: unknown): readonly DefinitionChange[] {
  const changes = changesAt('', before, after);
  return changes.length > MAX_CHANGES ? [{ pointer: '', before, after }] : changes;
}

function changesAt(pointer: string, before: unknown, after: unknown): readonly DefinitionChange[] {
  if (!isMembers(before) || !isMembers(after))
    return canonicalJson(before) === canonicalJson(after) ? [] : [{ pointer, before, after }];
  return [...new Set([...Object.keys(before), ...Object.keys(after)])].flatMap((name) => {
    const place = `${pointer}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`;
    if (!Object.hasOwn(before, name)) return [{ pointer: place, after: after[name] }];
    if (!Object.hasOwn(after, name)) return [{ pointer: place, before: before[name] }];
    return changesAt(place, before[name], after[name]);
  });
}

const isMembers = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
