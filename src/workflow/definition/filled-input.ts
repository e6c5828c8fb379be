type Members = Readonly<Record<string, unknown>>;

/**
 * A run's input as its definition completes it: a member of the schema's `properties` with a `const` has that value
 * whatever was sent, one with a `default` has it when nothing was sent. Looks at the top level alone.
 */
export function filledInput(schema: Members | undefined, input: Members): Members {
  if (!isMembers(schema?.properties)) return input;
  const set = Object.entries(schema.properties).flatMap(([name, property]) => {
    const value = isMembers(property) ? valueFor(property, Object.hasOwn(input, name)) : undefined;
    return value === undefined ? [] : [[name, value] as const];
  });
  return set.length === 0 ? input : Object.fromEntries([...Object.entries(input), ...set]);
}

function valueFor(property: Members, isGiven: boolean): unknown {
  if (Object.hasOwn(property, 'const')) return property.const;
  return !isGiven && Object.hasOwn(property, 'default') ? property.default : undefined;
}

const isMembers = (value: unknown): value is Members =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
