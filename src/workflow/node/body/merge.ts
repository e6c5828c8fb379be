type Members = Readonly<Record<string, unknown>>;

export interface Merged {
  readonly merged: Members;
  /** Members that several outputs had, with different values: the last in the list is kept. */
  readonly conflicts: readonly { readonly key: string; readonly from: readonly string[]; readonly kept: string }[];
}

/** The outputs of children as one object: each under its child's id, or their members by key, later ones last. */
export function mergedOutputs(
  children: readonly { readonly id: string; readonly output?: unknown }[],
  mode: 'namespace' | 'lastWins',
): Merged {
  if (mode === 'namespace')
    return { merged: Object.fromEntries(children.map(({ id, output }) => [id, output ?? null])), conflicts: [] };
  const members = children.flatMap(({ id, output }) =>
    Object.entries(isMembers(output) ? output : { [id]: output ?? null }).map(([key, value]) => ({ id, key, value })),
  );
  const conflicts = [...Map.groupBy(members, ({ key }) => key)].flatMap(([key, given]) => {
    const differ = new Set(given.map(({ value }) => JSON.stringify(value))).size > 1;
    return differ ? [{ key, from: given.map(({ id }) => id), kept: given.at(-1)?.id ?? '' }] : [];
  });
  return { merged: Object.fromEntries(members.map(({ key, value }) => [key, value])), conflicts };
}

const isMembers = (value: unknown): value is Members =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
