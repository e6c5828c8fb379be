import type { z } from 'zod';
import type { Members } from './definition-view.js';

/** A list of a level, each part read on its own, so that one that is faulty spoils no other. */
export interface LevelList<Part> {
  readonly parts: readonly { readonly part: Part; readonly index: number }[];
  /** Those of the parts, with their paths from the level. */
  readonly issues: readonly z.core.$ZodIssue[];
  /** What stands for the list when the level's own schema is applied: as long, and without a fault. */
  readonly stand: unknown;
  readonly length: number;
}

/** Longer than any list may be. */
const MAX_STAND = 1_001;

/** @param sample the well-formed part of an index, each with an id of its own */
export function readList<Part>(
  own: Members,
  member: string,
  schema: z.ZodType<Part>,
  sample: (index: number) => object,
): LevelList<Part> {
  const given = Object.hasOwn(own, member) ? own[member] : undefined;
  if (!Array.isArray(given)) return { parts: [], issues: [], stand: given, length: 0 };
  const issues: z.core.$ZodIssue[] = [];
  const parts = given.flatMap((raw: unknown, index) => {
    const { data, error } = schema.safeParse(raw);
    for (const issue of error?.issues ?? []) issues.push({ ...issue, path: [member, index, ...issue.path] });
    return data === undefined ? [] : [{ part: data, index }];
  });
  const stand = Array.from({ length: Math.min(given.length, MAX_STAND) }, (_, index) => sample(index));
  return { parts, issues, stand, length: given.length };
}
