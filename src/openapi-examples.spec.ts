import { withExamples } from './openapi-examples.js';

const text = { type: 'string' };
const NODE = {
  type: 'object',
  required: ['next', 'children'],
  properties: {
    next: { $ref: '#/components/schemas/Node' },
    children: { type: 'array', items: { $ref: '#/components/schemas/Node' } },
  },
};

/** The operation's examples when this is the schema of its request and of its answer. */
function examplesFor(schema: object, more: object = {}) {
  const body = { description: '', content: { 'application/json': { schema, ...more } } };
  const { requestBody, responses } = withExamples({ requestBody: body, responses: { 200: body } }, { Node: NODE });
  return [requestBody, responses[200]].map((made) => (made as typeof body).content['application/json'] as object);
}

describe('examples of bodies', () => {
  it('are what a request must say, and all that an answer can tell', () => {
    const properties = {
      id: { ...text, format: 'uuid' },
      name: { ...text, example: 'Ada' },
      note: { ...text, example: 'Tea' },
      quiet: text,
    };
    expect(examplesFor({ type: 'object', required: ['name'], properties })).toMatchObject([
      { example: { name: 'Ada' } },
      { example: { name: 'Ada', note: 'Tea' } },
    ]);
    const [request] = examplesFor({ type: 'object', properties });
    expect(request).toMatchObject({ example: { name: 'Ada', note: 'Tea' } });
  });

  it.each<[string, object, unknown]>([
    ['an example', { ...text, example: 'x', default: 'y' }, 'x'],
    ['a default', { ...text, default: 'y', enum: ['z'] }, 'y'],
    ['the first of several', { enum: ['z', 'y'] }, 'z'],
    ['the first of several schemas', { oneOf: [{ type: 'null' }, text] }, null],
    ['all of several schemas', { allOf: [{ example: { a: 1 } }, { example: { b: 2 } }] }, { a: 1, b: 2 }],
    ['a list', { type: 'array', items: { type: 'integer', minimum: 3 } }, [3]],
    ['a type or null', { type: ['boolean', 'null'] }, false],
    ['a format', { ...text, format: 'date-time' }, '2026-11-23T09:30:00.000Z'],
    ['what leads back to itself, once', { $ref: '#/components/schemas/Node' }, { children: [] }],
  ])('are made of %s', (_what, schema, example) => {
    for (const made of examplesFor(schema)) expect(made).toEqual({ schema, example });
  });

  it('stay as they are where there are some', () => {
    for (const given of [{ example: 'x' }, { examples: { one: { value: 'x' } } }])
      for (const made of examplesFor(text, given)) expect(made).toEqual({ schema: text, ...given });
  });
});
