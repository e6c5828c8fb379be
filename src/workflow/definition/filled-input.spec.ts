import { filledInput } from './filled-input.js';

describe('filledInput', () => {
  const schema = {
    type: 'object',
    properties: { tone: { type: 'string', default: 'dry' }, rule: { const: 'Be kind.' } },
  };

  it('puts a default where nothing was sent, and a constant always', () => {
    expect(filledInput(schema, { message: 'Hi' })).toEqual({ message: 'Hi', tone: 'dry', rule: 'Be kind.' });
    expect(filledInput(schema, { tone: 'warm', rule: 'Be rude.' })).toEqual({ tone: 'warm', rule: 'Be kind.' });
  });

  it('takes null, false and empty text for sent', () => {
    for (const tone of [null, false, '']) expect(filledInput(schema, { tone })).toMatchObject({ tone });
  });

  it.each([
    undefined,
    {},
    { properties: null },
    { properties: [1] },
    { properties: { tone: true } },
    { properties: { tone: { type: 'string' } } },
  ])('leaves the input as it is without anything to fill: %j', (given) => {
    const input = { message: 'Hi' };
    expect(filledInput(given as never, input)).toBe(input);
  });

  it('looks for own members alone', () => {
    const properties = { toString: { default: 'x' } };
    expect(filledInput({ properties }, {})).toEqual({ toString: 'x' });
    const hostile = JSON.parse('{"properties":{"__proto__":{"default":{"polluted":1}}}}') as Record<string, unknown>;
    expect((filledInput(hostile, {}) as { polluted?: unknown }).polluted).toBeUndefined();
  });
});
