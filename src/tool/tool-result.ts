import { storableJson } from '../platform/database/storable.js';
import { isTooDeep, MAX_DEPTH } from '../platform/schema/json-depth.js';
import { schemaCheck, SchemaError, type JsonSchema, type SchemaCheck } from '../platform/schema/json-schema.js';
import type { OfferedTool } from './tool-source.js';
import { toolResultInvalid, toolResultTooLarge } from './tool.errors.js';

/** Largest result, in bytes of JSON. */
export const MAX_RESULT_BYTES = 262_144;

/** A tool's result as plain data that can be stored. @throws Problem tool-result-too-large, tool-result-invalid */
export async function keptResult({ name, resultSchema }: OfferedTool, result: unknown): Promise<unknown> {
  const text = storableJson(result);
  const value: unknown = text === null ? null : withinBounds(name, text);
  const faults = resultSchema ? (await checkOf(name, resultSchema))(value) : [];
  if (faults.length === 0) return value;
  const detail = faults.map((fault) => `${fault.pointer || 'the result'}: ${fault.detail}`).join('; ');
  throw toolResultInvalid(`The tool "${name}" answered against its own schema: ${detail.slice(0, 1_000)}`);
}

function withinBounds(name: string, text: string): unknown {
  const bytes = Buffer.byteLength(text);
  if (bytes > MAX_RESULT_BYTES)
    throw toolResultTooLarge(
      `The tool "${name}" answered with ${bytes} bytes; ${MAX_RESULT_BYTES} are allowed. Ask it for less.`,
    );
  const value: unknown = JSON.parse(text);
  if (isTooDeep(value))
    throw toolResultTooLarge(`The tool "${name}" answered with values nested deeper than ${MAX_DEPTH}.`);
  return value;
}

const checks = new WeakMap<JsonSchema, Promise<SchemaCheck>>();

async function checkOf(name: string, schema: JsonSchema): Promise<SchemaCheck> {
  let check = checks.get(schema);
  if (!check) checks.set(schema, (check = schemaCheck(schema)));
  try {
    return await check;
  } catch (error) {
    if (!(error instanceof SchemaError)) throw error;
    throw toolResultInvalid(`The tool "${name}" declares a result schema that is none.`, { cause: error });
  }
}
