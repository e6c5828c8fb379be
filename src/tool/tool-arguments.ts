import type { FieldFault, Problem } from '../platform/problem/problem.js';
import { toolArgumentsInvalid } from './tool.errors.js';

const MAX_DETAIL = 2_000;

/** The problem tool-arguments-invalid with every fault; the detail is for the model that may mend them. */
export function argumentFaults(tool: string, errors: readonly FieldFault[]): Problem {
  const faults = errors.map(({ pointer, detail }) => `${pointer || 'the arguments'}: ${detail}`).join('; ');
  const detail = `The tool "${tool}" cannot be called so: ${faults}`.slice(0, MAX_DETAIL).toWellFormed();
  return toolArgumentsInvalid(detail, { extensions: { errors } });
}
