import fc from 'fast-check';
import { z } from 'zod';
import { schemaValue } from './schema-value.js';

const SCHEMAS = [
  z.object({ text: z.string().min(1).max(20), count: z.int().min(3).max(9) }),
  z.object({ kind: z.enum(['low', 'high']), fixed: z.literal('x'), flag: z.boolean(), nothing: z.null() }),
  z.object({ list: z.array(z.object({ a: z.number().gt(0).lt(1) })).min(2), optional: z.string().optional() }),
  z.object({
    either: z.union([z.number(), z.string()]),
    maybe: z.string().nullable(),
    step: z.number().multipleOf(5).min(7),
  }),
  z.object({ at: z.iso.datetime(), mail: z.email(), id: z.uuid(), site: z.url() }),
  z.object({ map: z.record(z.string(), z.number()), deep: z.object({ er: z.object({ still: z.string().min(30) }) }) }),
  z.intersection(z.object({ a: z.string() }), z.object({ b: z.number() })),
];

describe('schemaValue', () => {
  it('gives values that fit the schema, whatever the seed', () => {
    fc.assert(
      fc.property(fc.constantFrom(...SCHEMAS), fc.string({ maxLength: 40 }), (schema, seed) => {
        const made = schemaValue(z.toJSONSchema(schema) as Record<string, unknown>, seed);
        expect(schema.safeParse(made).error?.message).toBeUndefined();
      }),
      { numRuns: 300 },
    );
  });

  it('is the same for the same seed and follows what the seed says', () => {
    const schema = {
      type: 'object',
      properties: { level: { enum: ['low', 'high'] }, count: { type: 'integer' } },
      required: ['level', 'count'],
    };
    expect(schemaValue(schema, 'High, please, 7 of them')).toEqual({ level: 'high', count: 7 });
    expect(schemaValue(schema, 'High, please, 7 of them')).toEqual(schemaValue(schema, 'High, please, 7 of them'));
  });

  it('follows references and ends where they run in a circle', () => {
    const schema = {
      $ref: '#/$defs/node',
      $defs: {
        node: {
          type: 'object',
          properties: { name: { type: 'string' }, next: { $ref: '#/$defs/node' } },
          required: ['name', 'next'],
        },
      },
    };
    expect(schemaValue(schema, 'x')).toMatchObject({ name: 'x', next: { name: 'x' } });
    expect(() => schemaValue({ $ref: '#' }, 'x')).not.toThrow();
  });

  it('survives schemas that are none', () => {
    fc.assert(
      fc.property(
        fc.dictionary(
          fc.constantFrom('type', 'enum', 'anyOf', 'allOf', 'properties', 'required', 'items', '$ref', 'minItems'),
          fc.jsonValue(),
        ),
        (schema) => {
          expect(() => JSON.stringify(schemaValue(schema, 'x'))).not.toThrow();
        },
      ),
    );
  });

  it('makes own properties of names like __proto__', () => {
    const made = schemaValue(
      JSON.parse('{"type":"object","properties":{"__proto__":{"type":"string"}},"required":["__proto__"]}') as Record<
        string,
        unknown
      >,
      'x',
    );
    expect(Object.hasOwn(made as object, '__proto__')).toBe(true);
  });
});
