import type { OfferedTool } from '../../tool/tool-source.js';
import { toolPage } from './tool-page.js';

const tool = (name: string, parts: Partial<OfferedTool> = {}): OfferedTool => ({
  name,
  title: name,
  description: 'Does it.',
  parameters: { type: 'object' },
  risk: 'low',
  effect: 'read',
  source: { kind: 'builtin' },
  parse: async (args) => args,
  call: async () => null,
  ...parts,
});

const only = (parts: Partial<OfferedTool>) => toolPage([tool('t', parts)]).tools[0];

describe('a page of tools', () => {
  const many = Array.from({ length: 250 }, (_, index) => tool(`tool_${String(index).padStart(3, '0')}`)).reverse();

  it('follows the one before, by name, until all are listed once', () => {
    const names: string[] = [];
    let cursor: string | undefined;
    const sizes: number[] = [];
    do {
      const page = toolPage(many, cursor);
      names.push(...page.tools.map(({ name }) => name));
      sizes.push(page.tools.length);
      cursor = page.nextCursor;
    } while (cursor !== undefined);
    expect(sizes).toEqual([100, 100, 50]);
    expect(names).toEqual(many.map(({ name }) => name).reverse());
  });

  it('repeats and skips none when others come and go in between', () => {
    const { nextCursor } = toolPage(many);
    const later = toolPage([tool('aaa'), ...many.filter(({ name }) => name !== 'tool_099')], nextCursor);
    expect(later.tools[0]?.name).toBe('tool_100');
  });

  it.each(['', 'x', 'bnVsbA', Buffer.from('[1]').toString('base64url'), 'a'.repeat(10_000)])(
    'is refused for the cursor %.20j',
    (cursor) => {
      expect(() => toolPage(many, cursor)).toThrow(expect.objectContaining({ code: -32602 }));
    },
  );

  it('leaves out what cannot be called now', () => {
    expect(toolPage([tool('here'), tool('away', { unavailable: 'Its server is down.' })]).tools).toHaveLength(1);
  });

  it('tells what a call may do', () => {
    expect(only({ effect: 'read', risk: 'high' })?.annotations).toMatchObject({
      readOnlyHint: true,
      idempotentHint: true,
      destructiveHint: false,
      openWorldHint: false,
    });
    expect(only({ effect: 'idempotent', risk: 'medium' })?.annotations).toMatchObject({
      readOnlyHint: false,
      idempotentHint: true,
      destructiveHint: true,
    });
    expect(only({ effect: 'once', risk: 'low', source: { kind: 'mcp' } })?.annotations).toMatchObject({
      readOnlyHint: false,
      idempotentHint: false,
      destructiveHint: false,
      openWorldHint: true,
    });
  });

  it('promises the shape of a result only where it is an object', () => {
    expect(only({ resultSchema: { type: 'object', required: ['a'] } })?.outputSchema).toEqual({
      type: 'object',
      required: ['a'],
    });
    expect(only({ resultSchema: { type: 'string' } })).not.toHaveProperty('outputSchema');
  });
});
