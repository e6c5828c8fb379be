import type { z } from 'zod';
import type { FieldFault } from '../../platform/problem/problem.js';

/** The issues of a schema as faults with JSON pointers below `parent`; each unknown member is one of its own. */
export function schemaFaults(issues: readonly z.core.$ZodIssue[], parent = ''): FieldFault[] {
  return issues.flatMap((issue) => {
    const pointer = `${parent}${issue.path.map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')}`;
    if (issue.code !== 'unrecognized_keys') return [{ pointer, detail: issue.message }];
    return issue.keys.map((key) => ({ pointer: `${pointer}/${key}`, detail: 'is not a known field' }));
  });
}
