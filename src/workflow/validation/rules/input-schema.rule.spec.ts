import { graph, node, single, testValidator, type TestValidator } from '../../../../test/support/validation.js';

describe('the schema of an input', () => {
  let chatter: TestValidator;
  beforeAll(async () => {
    chatter = await testValidator();
  });
  const check = (input: unknown) => chatter.check({ ...single(), input }, 'invalid-input-schema', 'invalid-structure');

  it.each<[string, object]>([
    ['is empty', {}],
    [
      'lists members',
      {
        type: 'object',
        properties: { topic: { type: 'string', maxLength: 10, format: 'email' } },
        required: ['topic'],
      },
    ],
    ['names its draft', { $schema: 'https://json-schema.org/draft/2020-12/schema', type: 'object', prefixItems: [{}] }],
    [
      'is of draft 7',
      {
        $schema: 'http://json-schema.org/draft-07/schema#',
        definitions: { a: { type: 'string' } },
        properties: { a: { $ref: '#/definitions/a' } },
      },
    ],
    [
      'is of draft 2019-09',
      { $schema: 'https://json-schema.org/draft/2019-09/schema', $defs: { a: true }, $ref: '#/$defs/a' },
    ],
    ['holds itself', { properties: { child: { $ref: '#' } } }],
    [
      'has an id of a schema that everyone uses',
      { $id: 'https://json-schema.org/draft/2020-12/schema', type: 'object' },
    ],
    ['has words of its own', { type: 'object', 'x-form': { widget: 'area' } }],
  ])('may be one that %s', async (_, input) => {
    expect(await check(input)).toEqual([]);
    expect(await check(input)).toEqual([]);
    expect(await check({ type: 'nope' })).toEqual(['invalid-input-schema error /input']);
  });

  it.each<[string, object]>([
    ['names an unknown type', { type: 'objct' }],
    ['has a bound that is none', { properties: { a: { minimum: 'x' } } }],
    ['refers to elsewhere', { $ref: 'https://example.com/schema.json' }],
    ['refers to what is not there', { properties: { a: { $ref: '#/$defs/a' } } }],
    ['has a pattern, which no run would evaluate', { properties: { a: { pattern: '^a+$' } } }],
    ['names properties by a pattern', { patternProperties: { '^a': {} } }],
    ['names a draft that is not known', { $schema: 'https://example.com/draft' }],
    [
      'is too large',
      {
        properties: Object.fromEntries(
          Array.from({ length: 900 }, (_, index) => [`property${index}`, { description: 'x'.repeat(50) }]),
        ),
      },
    ],
  ])('is refused when it %s', async (_, input) => {
    expect(await check(input)).toEqual(['invalid-input-schema error /input']);
    expect((await chatter.only({ ...single(), input }, 'invalid-input-schema')).message).toMatch(
      /^The schema of the input cannot be used: .+[.]$/,
    );
  });

  it('is checked of inner definitions too', async () => {
    const inner = { ...single(), input: { type: 1 } };
    expect(await chatter.check(graph([node('m', 'map', { items: [1], body: inner })]), 'invalid-input-schema')).toEqual(
      ['invalid-input-schema error /nodes/0/config/body/input'],
    );
  });
});
