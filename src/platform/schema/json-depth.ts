/** Values from outside are nested no deeper: nothing that walks through them later has to expect it. */
export const MAX_DEPTH = 64;

/** Whether a JSON value is nested deeper than {@link MAX_DEPTH}. Linear in its size, whatever its depth. */
export function isTooDeep(value: unknown): boolean {
  let level: unknown[] = [value];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > MAX_DEPTH) return true;
    level = level.flatMap((member) => (typeof member === 'object' && member !== null ? Object.values(member) : []));
  }
  return false;
}
