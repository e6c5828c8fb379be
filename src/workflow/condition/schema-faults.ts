import type { z } from 'zod';

/** One thing wrong with data: where and what. */
export interface Fault {
  readonly path: readonly PropertyKey[];
  readonly detail: string;
}

/**
 * What is wrong, each fault at its own place: a member that is not known is named itself, and where one of several
 * shapes was possible the faults are those of the shape that fits the kind of value.
 */
export const faultsOf = (issues: readonly z.core.$ZodIssue[], path: readonly PropertyKey[] = []): readonly Fault[] =>
  issues.flatMap((issue) => faultsOfIssue(issue, [...path, ...issue.path]));

function faultsOfIssue(issue: z.core.$ZodIssue, path: readonly PropertyKey[]): readonly Fault[] {
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => ({ path: [...path, key], detail: issue.message }));
  const fitting = issue.code === 'invalid_union' ? issue.errors.find((issues) => !issues.some(isWrongKind)) : undefined;
  return fitting ? faultsOf(fitting, path) : [{ path, detail: issue.message }];
}

const isWrongKind = ({ code, path }: z.core.$ZodIssue): boolean => code === 'invalid_type' && path.length === 0;
