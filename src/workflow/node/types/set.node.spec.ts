import { executed, optionsOf } from '../../../../test/support/node-context.js';
import { SetNode } from './set.node.js';

const isValid = (config: unknown): boolean => optionsOf(SetNode).config.safeParse(config).success;

describe('the set node', () => {
  it('gives variables their values, of the type that a lone reference names', async () => {
    const { result } = await executed(new SetNode(), {
      config: { values: { language: 'en', items: '{{input.items}}', deep: { text: 'has {{input.items.length}}' } } },
      scope: { input: { items: [1, 2] } },
    });
    const values = { language: 'en', items: [1, 2], deep: { text: 'has 2' } };
    expect(result).toEqual({ output: values, variables: values });
  });

  it.each(['a.b', '', '{{a}}', 'constructor', 'a'.repeat(65)])('cannot set a variable named %j', (name) => {
    expect(isValid({ values: { [name]: 1 } })).toBe(false);
  });

  it('sets at most 100 variables', () => {
    const values = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, index) => [`v${index}`, 1]));
    expect(isValid({ values: values(100) })).toBe(true);
    expect(isValid({ values: values(101) })).toBe(false);
  });
});
