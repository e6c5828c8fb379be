import { schemaCheck, SchemaError } from './json-schema.js';

const CITY = {
  type: 'object',
  properties: { city: { type: 'string' }, people: { $ref: '#/$defs/count' } },
  required: ['city'],
  additionalProperties: false,
  $defs: { count: { type: 'integer', minimum: 0 } },
};

describe('the check of a JSON Schema', () => {
  it('finds nothing in a value that follows it', async () => {
    const check = await schemaCheck(CITY);
    expect(check({ city: 'Paris', people: 2_000_000 })).toEqual([]);
  });

  it.each([
    [{}, '', 'city'],
    [{ city: 1 }, '/city', 'string'],
    [{ city: 'Paris', people: -1 }, '/people', '>= 0'],
    [{ city: 'Paris', river: 'Seine' }, '', 'river'],
    ['Paris', '', 'object'],
  ])('says where %j does not follow it, and why', async (value, pointer, word) => {
    const check = await schemaCheck(CITY);
    expect(check(value)).toMatchObject([{ pointer, detail: expect.stringContaining(word) }]);
  });

  it('is made again from the same schema, or another of the same $id', async () => {
    const named = { ...CITY, $id: 'https://example.com/city' };
    await schemaCheck(named);
    await schemaCheck(named);
    const other = await schemaCheck({ $id: named.$id, type: 'number' });
    expect(other(1)).toEqual([]);
    expect(other('Paris')).toHaveLength(1);
  });

  it('knows no other documents', async () => {
    const remote = schemaCheck({ properties: { a: { $ref: 'https://example.com/schema' } } });
    await expect(remote).rejects.toThrow(SchemaError);
    await expect(remote).rejects.toThrow(/reference/);
  });

  it('refuses what is no schema', async () => {
    await expect(schemaCheck({ type: 'text' })).rejects.toThrow(SchemaError);
  });

  it('takes the schemas of other drafts, and checks at once what claims to be asynchronous', async () => {
    const check = await schemaCheck({ ...CITY, $schema: 'http://json-schema.org/draft-07/schema#', $async: true });
    expect(check({})).toHaveLength(1);
  });

  it('never runs a pattern', async () => {
    const check = await schemaCheck({ type: 'string', pattern: '^(a+)+$', minLength: 1 });
    expect(check(`${'a'.repeat(40)}!`)).toEqual([]);
    expect(check('')).toHaveLength(1);
    const named = await schemaCheck({
      patternProperties: { '^(a+)+$': { type: 'number' } },
      additionalProperties: false,
    });
    expect(named({ b: 'text' })).toEqual([]);
  });
});
