import type { Ajv2020, ErrorObject } from 'ajv/dist/2020.js';
import type { FieldFault } from '../problem/problem.js';

export type JsonSchema = Readonly<Record<string, unknown>>;

/** Why a value does not follow a schema; empty when it does. */
export type SchemaCheck = (value: unknown) => readonly FieldFault[];

/** A schema that is none; the message says why. */
export class SchemaError extends Error {}

/**
 * The check of a JSON Schema (draft 2020-12) that somebody else wrote. References stay inside the document. `format`,
 * `pattern` and `patternProperties` are not checked: a stranger's pattern may take time without end.
 * @throws SchemaError
 */
export async function schemaCheck(schema: JsonSchema): Promise<SchemaCheck> {
  validator ??= makeValidator();
  const ajv = await validator;
  // `$async` would make the check answer a promise; other drafts are read as far as they agree with this one.
  const { $schema: _dialect, $async: _async, ...own } = schema;
  try {
    const validate = ajv.compile(own);
    return (value) => (validate(value) === true ? [] : (validate.errors ?? []).slice(0, MAX_FAULTS).map(faultOf));
  } catch (error) {
    throw new SchemaError(error instanceof Error ? error.message : String(error), { cause: error });
  } finally {
    ajv.removeSchema(own);
  }
}

/** Most faults that are told of one value. */
const MAX_FAULTS = 100;

/** Loaded with the first schema: it takes a tenth of a second. */
let validator: Promise<Ajv2020> | undefined;

async function makeValidator(): Promise<Ajv2020> {
  const { Ajv2020 } = await import('ajv/dist/2020.js');
  const ajv = new Ajv2020({
    strict: false,
    logger: false,
    addUsedSchema: false,
    validateFormats: false,
    allErrors: true,
    // `additionalProperties` still asks it which names `patternProperties` allow.
    code: { regExp: Object.assign(() => ({ test: () => true }), { code: '' }) },
  });
  return ajv.removeKeyword('pattern').removeKeyword('patternProperties');
}

function faultOf({ instancePath, message, params }: ErrorObject): FieldFault {
  const { additionalProperty } = params as { readonly additionalProperty?: unknown };
  const extra = typeof additionalProperty === 'string' ? ` ("${additionalProperty}")` : '';
  return { pointer: instancePath, detail: `${message ?? 'is not acceptable'}${extra}` };
}
