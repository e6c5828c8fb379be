import { schemaCheck, SchemaError, type JsonSchema, type SchemaCheck } from '../../platform/schema/json-schema.js';
import { validationFailed } from '../../platform/problem/http.errors.js';
import { canonicalJson } from '../../platform/schema/canonical-json.js';
import type { Definition } from './definition.js';

const MAX_KNOWN = 500;

const known = new Map<string, Promise<SchemaCheck>>();

/** @throws Problem validation-failed when `input` does not fit the definition's schema, or the schema is none */
export async function checkInput({ input: schema }: Definition, input: unknown): Promise<void> {
  if (schema === undefined) return;
  const check = await inputCheck(schema).catch((error: unknown) => {
    if (!(error instanceof SchemaError)) throw error;
    throw validationFailed([{ pointer: '/definition/input', detail: `is not a JSON Schema: ${error.message}` }]);
  });
  const faults = check(input).map(({ pointer, detail }) => ({ pointer: `/input${pointer}`, detail }));
  if (faults.length > 0) throw validationFailed(faults);
}

/** The check of a definition's input. @throws SchemaError, also for a pattern: it would not be checked */
export function inputCheck(schema: JsonSchema): Promise<SchemaCheck> {
  const fault = patternFault(schema);
  if (fault !== undefined) return Promise.reject(new SchemaError(fault));
  const key = canonicalJson(schema);
  const found = known.get(key);
  if (found) return found;
  if (known.size >= MAX_KNOWN) known.clear();
  const check = schemaCheck(schema);
  known.set(key, check);
  return check;
}

/** Why a schema with regular expressions cannot be used: those of strangers may take forever. */
export const patternFault = (schema: JsonSchema): string | undefined =>
  holdsPattern(schema) ? 'it uses a pattern, and regular expressions are not evaluated here' : undefined;

/** Members whose own members are named by the schema's author. */
const NAMED: ReadonlySet<string> = new Set(['properties', '$defs', 'definitions', 'dependentSchemas']);
/** Members that are values, not schemas. */
const VALUES: ReadonlySet<string> = new Set(['const', 'enum', 'default', 'examples']);

function holdsPattern(schema: unknown): boolean {
  if (Array.isArray(schema)) return schema.some(holdsPattern);
  if (typeof schema !== 'object' || schema === null) return false;
  return Object.entries(schema).some(([name, value]) => {
    if (name === 'pattern' || name === 'patternProperties') return true;
    if (VALUES.has(name)) return false;
    return NAMED.has(name) ? holdsPattern(Object.values((value ?? {}) as object)) : holdsPattern(value);
  });
}
