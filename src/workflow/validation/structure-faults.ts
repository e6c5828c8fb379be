import type { z } from 'zod';
import { pointerOf } from '../condition/json-pointer.js';
import { faultsOf } from '../condition/schema-faults.js';
import { fault, quoted, type Violation } from './violation.js';

const HINT = 'Correct it; the OpenAPI document and GET /node-types say what a definition may hold.';
const CONDITION_HINT =
  'Correct the condition: paths and what their values must be, such as { "language": ["en", "de"] } or { "score": { "min": 0.7 } }.';

interface Size {
  readonly code: string;
  readonly count: number;
  readonly of: string;
}

/**
 * The issues of a level's schema as violations.
 * @param sizes how many there are of what is counted, by member
 * @param written where a path of the normalised definition is in the one that was written
 */
export function structureFaults(
  issues: readonly z.core.$ZodIssue[],
  pointer: string,
  sizes: Readonly<Record<string, Size>>,
  written: (path: readonly PropertyKey[]) => readonly PropertyKey[] = (path) => path,
): readonly Violation[] {
  return issues.flatMap((issue): readonly Violation[] => {
    const [member = ''] = issue.path;
    const size = Object.hasOwn(sizes, member) ? sizes[String(member)] : undefined;
    if (size && issue.path.length === 1 && issue.code === 'too_big')
      return [tooMany(size, `${pointer}${pointerOf(written(issue.path))}`, Number(issue.maximum))];
    return faultsOf([issue]).map(({ path, detail }) => faultAt(pointer, written(path), detail));
  });
}

const tooMany = ({ code, count, of }: Size, pointer: string, maximum: number): Violation =>
  fault(
    code,
    pointer,
    `There are ${count} ${of}; at most ${maximum} are allowed.`,
    'Move a part into a workflow of its own and name that in a workflow node.',
  );

function faultAt(pointer: string, path: readonly PropertyKey[], detail: string): Violation {
  const isCondition = path.includes('when') || path[0] === 'conditions';
  const name = path.length === 0 ? 'The definition' : quoted(dotted(path));
  return fault(
    isCondition ? 'invalid-condition' : 'invalid-structure',
    `${pointer}${pointerOf(path)}`,
    `${name} ${sentence(detail)}`,
    isCondition ? CONDITION_HINT : HINT,
  );
}

const MAX_DETAIL = 500;

/** "must be ..." continues the subject; what a schema says by itself stands behind a colon. */
export function sentence(detail: string): string {
  const text = detail.length > MAX_DETAIL ? `${detail.slice(0, MAX_DETAIL).toWellFormed()}…` : detail;
  const end = /[.…]$/.test(text) ? '' : '.';
  return /^(?:must|is|has|have|cannot|names|means|holds)\b/.test(text) ? `${text}${end}` : `is wrong: ${text}${end}`;
}

/** `nodes[3].config`: the end of a path as people write it. */
const dotted = (path: readonly PropertyKey[]): string =>
  path
    .slice(-4)
    .map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`))
    .join('')
    .replace(/^\./, '');
