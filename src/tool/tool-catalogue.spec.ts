import { z } from 'zod';
import { toolRoom } from '../../test/support/tool-room.js';
import { Tool, type ToolOptions } from './tool.js';

const OPTIONS: ToolOptions = {
  name: 'other',
  title: 'Other',
  description: 'For this test.',
  arguments: z.strictObject({}),
  risk: 'low',
  effect: 'read',
};

const toolOf = (options: Partial<ToolOptions>) => {
  @Tool({ ...OPTIONS, ...options })
  class OtherTool {
    async call(): Promise<null> {
      return null;
    }
  }
  return OtherTool;
};

describe('the catalogue of tools', () => {
  it('finds every tool by name, with the JSON Schema of its arguments', async () => {
    const { catalogue } = await toolRoom({}, [toolOf({})]);
    expect((await catalogue.all('w')).map(({ name }) => name)).toEqual(['test_echo', 'test_any', 'other']);
    expect(await catalogue.find('w', 'test_echo')).toMatchObject({
      title: 'Echo',
      risk: 'low',
      effect: 'read',
      source: { kind: 'builtin' },
    });
    expect((await catalogue.find('w', 'test_echo'))?.parameters).toEqual({
      type: 'object',
      properties: { text: { type: 'string', maxLength: 1_000, description: 'Any text.' } },
      required: ['text'],
      additionalProperties: false,
    });
  });

  it('does not ask for arguments that have a default', async () => {
    const { catalogue } = await toolRoom();
    expect((await catalogue.find('w', 'test_any'))?.parameters).not.toHaveProperty('required');
  });

  it.each(['missing', 'constructor', '__proto__', 'toString', ''])('finds nothing under %j', async (name) => {
    const { catalogue } = await toolRoom();
    expect(await catalogue.find('w', name)).toBeUndefined();
  });

  it.each<[string, Partial<ToolOptions>]>([
    ['Two tools carry the same name.', { name: 'test_echo' }],
    ['No tool can be named "two words".', { name: 'two words' }],
    ['The arguments of tool "other" are not an object.', { arguments: z.string() }],
  ])('does not start: %s', async (message, options) => {
    await expect(toolRoom({}, [toolOf(options)])).rejects.toThrow(message);
  });
});
