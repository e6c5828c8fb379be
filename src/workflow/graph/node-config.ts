import type { z } from 'zod';
import { validationFailed } from '../../platform/problem/http.errors.js';
import type { FieldFault } from '../../platform/problem/problem.js';
import { holdsReference } from '../definition/reference.js';

/** A node's configuration as its type reads it. @throws Problem validation-failed with pointers that begin with `pointer` */
export function parsedConfig(schema: z.ZodType, config: unknown, pointer: string): unknown {
  const parsed = schema.safeParse(config);
  if (parsed.success) return parsed.data;
  throw validationFailed(parsed.error.issues.map((issue) => faultOf(issue, pointer)));
}

/** The faults of a configuration whose references are not resolved yet: what a reference stands for is checked later. */
export function configFaults(schema: z.ZodType, config: unknown, pointer: string): readonly FieldFault[] {
  const issues = schema.safeParse(config).error?.issues ?? [];
  return issues
    .filter(({ code, path }) => code === 'unrecognized_keys' || !holdsReference(valueAt(config, path)))
    .map((issue) => faultOf(issue, pointer));
}

const faultOf = ({ path, message }: z.core.$ZodIssue, pointer: string): FieldFault => ({
  pointer: `${pointer}${pointerOf(path)}`,
  detail: message,
});

/** A JSON pointer to where an issue of Zod is. */
export const pointerOf = (path: readonly PropertyKey[]): string =>
  path.map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');

function valueAt(config: unknown, path: readonly PropertyKey[]): unknown {
  let value = config;
  for (const part of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part)) return undefined;
    value = (value as Record<PropertyKey, unknown>)[part];
  }
  return value;
}
