import { graph, node, single, testValidator, type TestValidator } from '../../../../test/support/validation.js';

const tool = (name: string, parts: object = {}) => ({
  name,
  effect: 'read' as const,
  risk: 'low' as const,
  source: { kind: 'builtin' as const },
  ...parts,
});
const CODES = ['unknown-tool', 'tool-not-permitted', 'tool-disabled'];

describe('the tools that nodes name', () => {
  let validator: TestValidator;

  beforeAll(async () => {
    const tools = [tool('calculator'), tool('deleteUser', { effect: 'once' }), tool('off')];
    validator = await testValidator({ tools });
  });

  it('are found, one by one', async () => {
    const definition = graph(
      [
        node('a', 'agent', { tools: ['calculator', 'gone', 'deleteUser', 'off'] }),
        node('t', 'tool', { tool: 'calculater' }),
      ],
      ['a -> t'],
    );
    expect(await validator.check(definition, ...CODES)).toEqual([
      'unknown-tool error /nodes/0/config/tools/1',
      'unknown-tool error /nodes/1/config/tool',
      'tool-not-permitted warning /nodes/0/config/tools/2',
      'tool-disabled warning /nodes/0/config/tools/3',
    ]);
  });

  it('may be every tool, or what only the run tells', async () => {
    for (const tools of ['*', ['{{input.tool}}'], []])
      expect(await validator.check(single('agent', { tools }), ...CODES)).toEqual([]);
    expect(await validator.check(single('tool', { tool: '{{input.tool}}' }), ...CODES)).toEqual([]);
  });

  it.each(['constructor', '__proto__'])('are none of an object’s own members, such as %s', async (name) => {
    expect(await validator.check(single('tool', { tool: name }), ...CODES)).toEqual([
      'unknown-tool error /nodes/0/config/tool',
    ]);
  });

  it('are suggested, and said to be granted by whom', async () => {
    expect((await validator.only(single('tool', { tool: 'calculater' }), 'unknown-tool')).hint).toContain(
      '"calculator"',
    );
    const { hint } = await validator.only(single('tool', { tool: 'deleteUser' }), 'tool-not-permitted');
    expect(hint).toContain('ask an admin');
  });
});
