import { Problem } from '../../platform/problem/problem.js';
import { GraphDefinition } from './definition.js';
import { checkInput, inputCheck } from './input-schema.js';

const taking = (input?: object) => GraphDefinition.parse({ kind: 'graph', input, nodes: [{ id: 'a', type: 'set' }] });
const faultsOf = async (schema: object | undefined, input: unknown) => {
  const error: unknown = await checkInput(taking(schema), input).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error === undefined) return [];
  if (!(error instanceof Problem)) throw new Error('Expected a problem.', { cause: error });
  expect(error.type.slug).toBe('validation-failed');
  return error.extensions.errors as readonly { readonly pointer: string; readonly detail: string }[];
};

const SCHEMA = {
  type: 'object',
  properties: { n: { type: 'integer', minimum: 1 }, list: { type: 'array', items: { type: 'string' } } },
  required: ['n'],
  additionalProperties: false,
};

describe('the check of an input', () => {
  it('takes anything where the definition says nothing', async () => {
    expect(await faultsOf(undefined, { any: ['thing'] })).toEqual([]);
  });

  it('takes what fits', async () => {
    expect(await faultsOf(SCHEMA, { n: 2, list: ['a'] })).toEqual([]);
  });

  it.each([
    [{ n: 0 }, '/input/n'],
    [{ n: 1, list: ['a', 1] }, '/input/list/1'],
    [{ n: 1, more: true }, '/input'],
    [{}, '/input'],
  ])('refuses %j and says where', async (input, pointer) => {
    expect(await faultsOf(SCHEMA, input)).toEqual([{ pointer, detail: expect.any(String) }]);
  });

  it.each([
    ['is none', { type: 'nonsense' }],
    ['has a pattern', { type: 'object', properties: { a: { type: 'string', pattern: '^(a+)+$' } } }],
    ['has a pattern for names', { type: 'object', patternProperties: { '^a': {} } }],
    ['has a pattern deep inside', { anyOf: [{ items: [{ $defs: { x: { pattern: 'a' } } }] }] }],
    ['has a pattern for a member called pattern', { properties: { pattern: { pattern: 'a' } } }],
  ])('says so when the schema %s', async (_, schema) => {
    expect(await faultsOf(schema, {})).toEqual([
      { pointer: '/definition/input', detail: expect.stringContaining('is not a JSON Schema') },
    ]);
  });

  it.each([
    ['a member called pattern', { properties: { pattern: { type: 'string' } } }, { pattern: 'x' }],
    [
      'a value with a member called pattern',
      { properties: { a: { const: { pattern: 'x' } } } },
      { a: { pattern: 'x' } },
    ],
    ['examples with patterns', { examples: [{ pattern: 'a' }], default: { patternProperties: 1 } }, {}],
  ])('knows %s from a pattern', async (_, schema, input) => {
    expect(await faultsOf(schema, input)).toEqual([]);
  });

  it('is made once for equal schemas', () => {
    const { type, ...others } = SCHEMA;
    expect(inputCheck(SCHEMA)).toBe(inputCheck({ ...others, type }));
    expect(inputCheck({ ...SCHEMA, required: [] })).not.toBe(inputCheck(SCHEMA));
  });
});
