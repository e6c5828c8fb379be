import { declarationOf } from './declaration.js';

const GOOD = {
  name: 'weather',
  description: 'Tells the weather.',
  url: 'https://weather.example/v1/{{city}}?units={{units}}',
  parameters: { properties: { city: { type: 'string' }, units: { type: 'string' } }, required: ['city'] },
};

describe('the declaration of a tool', () => {
  it('is completed: arguments that it does not name are refused', async () => {
    const { parameters, check, method } = await declarationOf(JSON.stringify(GOOD));
    expect([parameters.type, parameters.additionalProperties, method]).toEqual(['object', false, 'GET']);
    expect(check({ city: 'Bonn' })).toEqual([]);
    expect(check({ city: 'Bonn', other: 1 })).toHaveLength(1);
  });

  it.each<[object, RegExp]>([
    [{ name: 'two words' }, /\/name must be a letter/],
    [{ name: 'workflow__mine' }, /\/name must not begin with workflow__/],
    [{ description: undefined }, /\/description/],
    [{ colour: 'red' }, /colour/],
    [{ url: 'https://{{city}}.example/' }, /\/url must begin/],
    [{ url: 'https://weather.example/{{town}}' }, /refers to \{\{town\}\}, which is no parameter/],
    [{ url: 'https://weather.example/{{units}}' }, /\{\{units\}\} stands in the path and must be required/],
    [{ url: 'https://-bad-/' }, /\/url has a host that is no valid name/],
    [{ body: { a: ['{{country}}'] } }, /refers to \{\{country\}\}/],
    [{ parameters: { ...GOOD.parameters, properties: { city: { type: 'word' }, units: {} } } }, /no JSON Schema/],
    [{ headers: { Host: 'x' } }, /the header "Host" is set by the server/],
    [{ headers: { 'X-A': 'a\nb' } }, /the header "X-A" has a value/],
    [{ secret: { header: 'X-Key', env: 'ENCRYPTION_KEY' } }, /\/secret/],
    [{ secret: { header: 'Content-Length', env: 'TOOL_SECRET_A' } }, /the header "Content-Length"/],
    [{ timeoutMs: 1 }, /\/timeoutMs/],
  ])('is faulty with %j', async (parts, message) => {
    await expect(declarationOf(JSON.stringify({ ...GOOD, ...parts }))).rejects.toThrow(message);
  });

  it.each(['', '[]', 'null', '{', `${'['.repeat(100)}${']'.repeat(100)}`])('is not %.20j', async (text) => {
    await expect(declarationOf(text)).rejects.toThrow();
  });
});
