import { jsonSchemaRules } from './json-schema-rules.js';
import type { ParameterSchema } from './parameter-rules.js';
import { parameterSchemaFaults } from './parameter-schema.js';

const object = (properties: object, more: object = {}) => ({ type: 'object', properties, ...more });

describe('parameterSchemaFaults', () => {
  it.each([
    object({}),
    object({ tone: { type: 'string', enum: ['warm', 'dry'], default: 'dry', title: 'Tone' } }, { required: ['tone'] }),
    object({ list: { type: 'array', items: { type: 'integer', minimum: 1 }, uniqueItems: true, maxItems: 5 } }),
    object({ filter: object({ deep: object({ er: {} }) }, { additionalProperties: false }) }),
    object({ when: { type: 'string', format: 'date-time', description: 'a hint' } }),
  ])('accepts %j', (schema) => {
    expect(parameterSchemaFaults(schema, '/s')).toEqual([]);
  });

  it.each([
    ['text', 'object', ['/s']],
    ['no object', { type: 'string' }, ['/s']],
    ['no properties', { type: 'object' }, ['/s']],
    ['a pattern', object({ a: { type: 'string', pattern: '^(a+)+$' } }), ['/s/properties/a/pattern']],
    ['a reference', object({ a: { $ref: 'https://example.com/schema' } }), ['/s/properties/a/$ref']],
    ['a reference to itself', object({ a: { $ref: '#' } }), ['/s/properties/a/$ref']],
    ['combinations', object({ a: { anyOf: [{}] } }, { allOf: [] }), ['/s/allOf', '/s/properties/a/anyOf']],
    [
      'patterns in items',
      object({ a: { items: { patternProperties: {} } } }),
      ['/s/properties/a/items/patternProperties'],
    ],
    ['keywords of no schema', object({ a: { minimum: 'low' } }), ['/s/properties/a/minimum']],
    ['an unknown type', object({ a: { type: 'text' } }), ['/s/properties/a/type']],
    ['a name that no reference reaches', object({ 'a.b': {} }), ['/s/properties/a.b']],
    ['a name with braces', object({ '{{x}}': {} }), ['/s/properties/{{x}}']],
    ['the message', object({ message: {} }), ['/s/properties/message']],
    ['a property that is no schema', object({ a: 1 }), ['/s/properties/a']],
  ])('refuses %s', (_, schema, pointers) => {
    const found = parameterSchemaFaults(schema, '/s').map(({ pointer }) => pointer);
    expect([...new Set(found)].sort()).toEqual(pointers);
  });

  it('refuses more than it can bound', () => {
    const many = object(Object.fromEntries(Array.from({ length: 101 }, (_, index) => [`p${index}`, {}])));
    expect(parameterSchemaFaults(many, '')).toEqual([{ pointer: '/properties', detail: 'has more than 100 members' }]);
    let deep: object = {};
    for (let depth = 0; depth < 12; depth++) deep = object({ a: deep });
    expect(parameterSchemaFaults(deep, '')[0]?.detail).toBe('is nested deeper than 8');
  });
});

describe('jsonSchemaRules', () => {
  const rules = jsonSchemaRules(
    object(
      { tone: { type: 'string', minLength: 2 }, list: { type: 'array', items: { type: 'integer' } } },
      { required: ['tone'] },
    ) as unknown as ParameterSchema,
  );

  it('finds every fault at once, each where it is', () => {
    const faults = rules.faults({ list: [1, 'x'], 'un/known': 1 });
    expect(faults.map(({ pointer }) => pointer).sort()).toEqual(['/list/1', '/tone', '/un~1known']);
  });

  it('lets partial parameters lack what is required, and nothing else', () => {
    expect(rules.faults({}, { partial: true })).toEqual([]);
    expect(
      rules
        .faults({ tone: 'x', other: 1 }, { partial: true })
        .map(({ pointer }) => pointer)
        .sort(),
    ).toEqual(['/other', '/tone']);
  });
});
