type Members = Readonly<Record<string, unknown>>;

/**
 * `over` laid over `base`, as JSON Merge Patch (RFC 7396) has it: objects merge member by member, lists and scalars
 * replace, null takes a member away. Changes neither; what is undefined is not there, nor is a member `__proto__`.
 */
export function deepMerge(base: Members, over: Members): Members {
  const members = new Map(entriesOf(base));
  for (const [name, value] of entriesOf(over)) {
    const below = members.get(name);
    if (value === null) members.delete(name);
    else if (isMembers(value)) members.set(name, deepMerge(isMembers(below) ? below : {}, value));
    else members.set(name, value);
  }
  return Object.fromEntries(members);
}

const entriesOf = (members: Members): readonly (readonly [string, unknown])[] =>
  Object.entries(members).filter(([name, value]) => name !== '__proto__' && value !== undefined);

const isMembers = (value: unknown): value is Members =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
