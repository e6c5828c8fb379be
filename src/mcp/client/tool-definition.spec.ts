import { listedTool, type ToolItem } from './tool-definition.js';

const ITEM: ToolItem = {
  name: 'add',
  title: 'Add',
  description: 'Adds two numbers.',
  inputSchema: { type: 'object', properties: { a: { type: 'number', description: 'One.' } }, required: ['a'] },
  annotations: { readOnlyHint: true },
};
const TAGS = '\u{e0069}\u{e0067}';

const listed = async (parts: Partial<ToolItem> = {}) => {
  const tool = await listedTool({ ...ITEM, ...parts });
  if (!tool) throw new Error('No tool.');
  return tool;
};

const nested = (depth: number): Record<string, unknown> =>
  depth === 0 ? { type: 'string' } : { type: 'object', properties: { a: nested(depth - 1) } };

describe('a tool that a server lists', () => {
  it('is described as the server does', async () => {
    expect(await listed()).toEqual({
      name: 'add',
      definition: {
        title: 'Add',
        description: 'Adds two numbers.',
        inputSchema: ITEM.inputSchema,
        hints: { readOnly: true, destructive: false, idempotent: false },
      },
      hash: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
  });

  it('is titled by its name when it has no title that can be seen', async () => {
    expect((await listed({ title: '\u200b' })).definition.title).toBe('add');
    expect((await listed({ title: undefined, annotations: { title: 'Sum' } })).definition.title).toBe('Sum');
  });

  it('is another one as soon as anything of it that is seen or believed is another', async () => {
    const tools = await Promise.all([
      listed(),
      listed({ name: 'add2' }),
      listed({ title: 'Adds' }),
      listed({ description: 'Adds two numbers!' }),
      listed({ inputSchema: { ...ITEM.inputSchema, required: [] } }),
      listed({
        inputSchema: { type: 'object', properties: { a: { type: 'number', description: 'Two.' } }, required: ['a'] },
      }),
      listed({ outputSchema: { type: 'object' } }),
      listed({ annotations: {} }),
      listed({ annotations: { readOnlyHint: true, destructiveHint: true } }),
    ]);
    expect(new Set(tools.map(({ hash }) => hash)).size).toBe(tools.length);
  });

  it('is the same whatever the order of members', async () => {
    const { type, required, properties } = ITEM.inputSchema;
    expect((await listed({ inputSchema: { required, properties, type } })).hash).toBe((await listed()).hash);
  });

  it('is told without what hides in its prose', async () => {
    const { definition } = await listed({
      title: `A${TAGS}dd`,
      description: `Adds\u202e${TAGS}.\u0000`,
      inputSchema: { type: 'object', properties: { a: { description: `O${TAGS}ne.` } } },
    });
    expect(definition).toMatchObject({
      title: 'Add',
      description: 'Adds.',
      inputSchema: { properties: { a: { description: 'One.' } } },
    });
  });

  it('is told in bounds', async () => {
    const { definition } = await listed({ title: 'a'.repeat(1_000), description: 'b'.repeat(100_000) });
    expect(definition.title).toHaveLength(100);
    expect(definition.description).toHaveLength(2_000);
  });

  it.each([
    ['nested too deep', { inputSchema: nested(40) }],
    ['larger than', { inputSchema: { type: 'object', description: 'a'.repeat(40_000) } }],
    ['not an object', { inputSchema: { type: 'string' } }],
    ['not an object', { inputSchema: {} }],
    ['is none', { inputSchema: { type: 'object', properties: { a: { type: 'text' } } } }],
    ['is none', { inputSchema: { type: 'object', properties: { a: { $ref: 'https://example.com/schema' } } } }],
    ['cannot be seen', { inputSchema: { type: 'object', properties: { [`a${TAGS}`]: {} } } }],
    ['cannot be seen', { inputSchema: { type: 'object', properties: { a: { enum: [`x\u202e`] } } } }],
    ['results is none', { outputSchema: { type: 'nothing' } }],
  ])('is at fault when its schema is %s', async (what, parts) => {
    const { fault, definition } = await listed(parts);
    expect(fault).toContain(what);
    expect(definition.inputSchema).toEqual({ type: 'object' });
  });

  it.each(['', ' add', 'add ', 'a\u200bdd', 'a\ndd', 'ädd', 'a'.repeat(129)])(
    'is none when its name is %j',
    async (name) => {
      expect(await listedTool({ ...ITEM, name })).toBeUndefined();
    },
  );

  it.each(['a', 'files/read', 'Get Weather', 'a.b', '__proto__'])('may be named %j', async (name) => {
    expect((await listed({ name })).name).toBe(name);
  });
});
