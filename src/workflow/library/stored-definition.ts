import { plainDataFaults } from '../../platform/http/plain-data.js';
import type { FieldFault } from '../../platform/problem/problem.js';
import { Definition } from '../definition/definition.js';
import { schemaFaults } from '../definition/schema-faults.js';
import { definitionInvalid, type Violation } from './library.errors.js';

/** Of a definition as JSON text in UTF-8. */
export const MAX_DEFINITION_BYTES = 512 * 1024;

/**
 * The definition as it is stored: of a known structure, in its long form, and such that this form can be sent back.
 * @throws Problem validation-failed with `violations` whose pointers begin with /definition
 */
export function storedDefinition(given: unknown): Definition {
  refuse(boundFaults(given));
  const read = Definition.safeParse(given);
  if (!read.success) throw definitionInvalid(schemaFaults(read.error.issues, '/definition').map(toViolation));
  refuse(boundFaults(read.data));
  return read.data;
}

function refuse(faults: readonly FieldFault[]): void {
  if (faults.length > 0) throw definitionInvalid(faults.map(toViolation));
}

/** Nesting comes first: the schema and `JSON.stringify` recurse. The long form may be larger and a level deeper than what was sent. */
function boundFaults(definition: unknown): readonly FieldFault[] {
  const faults = plainDataFaults({ definition });
  if (faults.length > 0 || Buffer.byteLength(JSON.stringify(definition) ?? '') <= MAX_DEFINITION_BYTES) return faults;
  const detail = `must be at most ${MAX_DEFINITION_BYTES} bytes of JSON, in its long form with all defaults`;
  return [{ pointer: '/definition', detail }];
}

const toViolation = ({ pointer, detail }: FieldFault): Violation => ({
  code: 'structure',
  severity: 'error',
  pointer,
  message: detail,
  hint: 'Correct the definition at this pointer and send it again.',
});
