import type { JsonSchema } from './api-operations.js';

/** A value that a documented schema takes: its examples, else the least that fits. Only required members, unless `all`. */
export function sampleOf(schema: JsonSchema, all = false): unknown {
  if (schema['example'] !== undefined) return schema['example'];
  if (schema['default'] !== undefined) return schema['default'];
  if (Array.isArray(schema['enum'])) return schema['enum'][0] as unknown;
  const choices = (schema['oneOf'] ?? schema['anyOf']) as readonly JsonSchema[] | undefined;
  if (choices?.[0]) return sampleOf(choices[0], all);
  const parts = schema['allOf'] as readonly JsonSchema[] | undefined;
  if (parts) return Object.assign({}, ...parts.map((part) => sampleOf(part, all)));
  switch (schema['type']) {
    case 'object':
      return sampleObject(schema, all);
    case 'array':
      return Array.from({ length: Number(schema['minItems'] ?? 0) }, () =>
        sampleOf((schema['items'] ?? {}) as JsonSchema, all),
      );
    case 'integer':
    case 'number':
      return schema['minimum'] ?? 1;
    case 'boolean':
      return false;
    case 'null':
      return null;
    default:
      return 'sample'.padEnd(Number(schema['minLength'] ?? 0), 'x');
  }
}

function sampleObject(schema: JsonSchema, all: boolean): Record<string, unknown> {
  const properties = (schema['properties'] ?? {}) as Readonly<Record<string, JsonSchema>>;
  const required = (schema['required'] ?? []) as readonly string[];
  const wanted = Object.entries(properties).filter(([name]) => all || required.includes(name));
  return Object.fromEntries(wanted.map(([name, property]) => [name, sampleOf(property, all)]));
}
