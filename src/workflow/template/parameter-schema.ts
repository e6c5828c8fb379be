import { Ajv2020 } from 'ajv/dist/2020.js';
import type { FieldFault } from '../../platform/problem/problem.js';
import { faultOf } from './json-schema-rules.js';

/**
 * What a schema that users write may say. Neither patterns, whose time nobody bounds, nor references and combinations,
 * which can be made to take time that doubles with each of them. `format` is a hint for forms.
 */
const KEYWORDS: ReadonlySet<string> = new Set([
  'additionalProperties',
  'const',
  'default',
  'description',
  'enum',
  'examples',
  'exclusiveMaximum',
  'exclusiveMinimum',
  'format',
  'items',
  'maxItems',
  'maxLength',
  'maximum',
  'minItems',
  'minLength',
  'minimum',
  'multipleOf',
  'properties',
  'required',
  'title',
  'type',
  'uniqueItems',
]);

const MAX_PROPERTIES = 100;
const MAX_DEPTH = 8;

/** A reference reaches no name with a dot or a brace. */
const NAME = /^[A-Za-z][\w-]{0,63}$/;

const ajv = new Ajv2020({ allErrors: true, strict: false, validateFormats: false, logger: false });

/** What is wrong with a JSON Schema of parameters that a user wrote. Bounded by its keywords; compiles nothing. */
export function parameterSchemaFaults(schema: unknown, pointer: string): readonly FieldFault[] {
  const faults = faultsIn(schema, pointer, 0);
  if (faults.length > 0) return faults;
  if (!isMembers(schema) || schema.type !== 'object' || !isMembers(schema.properties))
    return [{ pointer, detail: 'must be a schema of the type "object" with "properties"' }];
  const names = Object.keys(schema.properties);
  return [
    ...names.flatMap((name) => nameFaults(name, pointer)),
    ...(ajv.validateSchema(schema) ? [] : (ajv.errors ?? []).map(faultOf)).map((fault) => ({
      ...fault,
      pointer: `${pointer}${fault.pointer}`,
    })),
  ];
}

function nameFaults(name: string, pointer: string): readonly FieldFault[] {
  const at = `${pointer}/properties/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`;
  if (name === 'message') return [{ pointer: at, detail: 'is what the user says; name the parameter otherwise' }];
  if (NAME.test(name)) return [];
  return [{ pointer: at, detail: 'must be named by a letter, then at most 63 letters, digits, _ and -' }];
}

function faultsIn(schema: unknown, pointer: string, depth: number): readonly FieldFault[] {
  if (typeof schema === 'boolean') return [];
  if (!isMembers(schema)) return [{ pointer, detail: 'must be a schema' }];
  if (depth > MAX_DEPTH) return [{ pointer, detail: `is nested deeper than ${MAX_DEPTH}` }];
  const { properties, items, additionalProperties } = schema;
  return [
    ...Object.keys(schema)
      .filter((keyword) => !KEYWORDS.has(keyword))
      .map((keyword) => ({ pointer: `${pointer}/${keyword}`, detail: 'is not a keyword that parameters may use' })),
    ...(isMembers(properties) ? propertyFaults(properties, pointer, depth) : []),
    ...(items === undefined ? [] : faultsIn(items, `${pointer}/items`, depth + 1)),
    ...(additionalProperties === undefined
      ? []
      : faultsIn(additionalProperties, `${pointer}/additionalProperties`, depth + 1)),
  ];
}

function propertyFaults(properties: Members, pointer: string, depth: number): readonly FieldFault[] {
  const entries = Object.entries(properties);
  if (entries.length > MAX_PROPERTIES)
    return [{ pointer: `${pointer}/properties`, detail: `has more than ${MAX_PROPERTIES} members` }];
  return entries.flatMap(([name, property]) => faultsIn(property, `${pointer}/properties/${name}`, depth + 1));
}

type Members = Readonly<Record<string, unknown>>;

const isMembers = (value: unknown): value is Members =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
