import fc from 'fast-check';
import type { JsonSchema } from './api-operations.js';
import { sampleOf } from './sample-body.js';

/** Strings that have broken servers. */
const STRINGS = [
  '',
  ' ',
  '\0',
  'a\0b',
  '\ud800',
  '\u202e\u200b\ufeff',
  '__proto__',
  'constructor',
  'toString',
  '{{input.__proto__.x}}',
  '{{',
  "'; DROP TABLE run; --",
  '%00',
  '../../etc/passwd',
  '${7*7}',
  '<script>alert(1)</script>',
  '-1',
  '1e309',
  'NaN',
  '2026-02-30T00:00:00Z',
  '019a1b2c-3d4e-7f50-8a6b-7c8d9e0f1a2b',
  'x'.repeat(70_000),
  '(((((((((((((((((((((((((((((((',
  'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!',
] as const;

const NUMBERS = [0, -0, -1, 1.5, 1e21, -1e308, Number.MAX_SAFE_INTEGER + 2, 2 ** 31, 2 ** 63] as const;

const anything: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(...STRINGS),
  fc.constantFrom<unknown>(...NUMBERS),
  fc.constantFrom<unknown>(null, true, false, [], {}, [[]], [null], { __proto__: null, a: 1 }),
  fc.constant(JSON.parse('{"__proto__": {"polluted": true}, "constructor": {"prototype": 1}}')),
  fc.constant(nested(60)),
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.jsonValue({ maxDepth: 3 }),
);

/** Values near what a schema takes: mostly fitting, with members missing, strange, or not its own. */
export function nearly(schema: JsonSchema): fc.Arbitrary<unknown> {
  return fc.oneof({ weight: 6, arbitrary: fitting(schema) }, { weight: 1, arbitrary: anything });
}

function fitting(schema: JsonSchema): fc.Arbitrary<unknown> {
  if (Array.isArray(schema['enum'])) return fc.constantFrom<unknown>(...(schema['enum'] as unknown[]));
  const choices = (schema['oneOf'] ?? schema['anyOf']) as readonly JsonSchema[] | undefined;
  if (choices) return fc.oneof(...choices.map(fitting));
  const type = Array.isArray(schema['type']) ? (schema['type'] as string[])[0] : schema['type'];
  switch (type) {
    case 'object':
      return objects(schema);
    case 'array':
      return fc.array(nearly((schema['items'] ?? {}) as JsonSchema), { maxLength: 3 });
    case 'integer':
      return fc.integer({ min: Number(schema['minimum'] ?? -5), max: Number(schema['maximum'] ?? 1_000) });
    case 'number':
      return fc.double({ min: Number(schema['minimum'] ?? -5), max: Number(schema['maximum'] ?? 5), noNaN: true });
    case 'boolean':
      return fc.boolean();
    case 'string':
      return fc.oneof(
        fc.constant(sampleOf(schema)),
        fc.constantFrom<unknown>(...STRINGS),
        fc.string({ maxLength: 30 }),
      );
    default:
      return anything;
  }
}

function objects(schema: JsonSchema): fc.Arbitrary<unknown> {
  const properties = (schema['properties'] ?? {}) as Readonly<Record<string, JsonSchema>>;
  const members = Object.fromEntries(
    Object.entries(properties).map(([name, property]) => [
      name,
      fc.oneof({ weight: 3, arbitrary: fc.constant(sampleOf(property)) }, { weight: 2, arbitrary: nearly(property) }),
    ]),
  );
  const required = (schema['required'] ?? []) as readonly string[];
  const whole = fc.record(members, { requiredKeys: required.filter((name) => Object.hasOwn(members, name)) });
  const own =
    Object.keys(properties).length === 0
      ? fc.dictionary(fc.string({ maxLength: 10 }), anything, { maxKeys: 3 })
      : whole;
  return fc.oneof(
    { weight: 8, arbitrary: own },
    { weight: 1, arbitrary: own.map((value) => ({ ...(value as object), unexpected: 1 })) },
  );
}

function nested(depth: number): unknown {
  let value: unknown = 1;
  for (let level = 0; level < depth; level++) value = level % 2 === 0 ? [value] : { a: value };
  return value;
}
