import { executed } from '../../../../test/support/node-context.js';
import { PromptNode } from './prompt.node.js';

const written = async (template: string, input: object) => {
  const { result } = await executed(new PromptNode(), { config: { template }, scope: { input } });
  return result;
};

describe('the prompt node', () => {
  it('writes the text into the variable "prompt"', async () => {
    const result = await written('Dear {{input.name}}, {{input.count}} of {{input.list}}.', {
      name: 'Ada',
      count: 2,
      list: ['a'],
    });
    const text = 'Dear Ada, 2 of ["a"].';
    expect(result).toEqual({ output: { text }, variables: { prompt: text } });
  });

  it.each([
    [{ value: { a: 1 } }, '{"a":1}'],
    [{ value: 7 }, '7'],
    [{ value: null }, ''],
    [{}, ''],
    [{ value: 'text' }, 'text'],
  ])('makes text of what a lone reference names in %j', async (input, text) => {
    expect((await written('{{input.value}}', input)).variables).toEqual({ prompt: text });
  });

  it('does not read what it inserts as a template', async () => {
    const input = { text: '{{input.secret}}', secret: 'hidden' };
    expect((await written('Said: {{input.text}}', input)).variables).toEqual({ prompt: 'Said: {{input.secret}}' });
    expect((await written('{{input.text}}', input)).variables).toEqual({ prompt: '{{input.secret}}' });
  });

  it('writes into another variable', async () => {
    const { result } = await executed(new PromptNode(), { config: { template: 'Hi', output: 'greeting' } });
    expect(result.variables).toEqual({ greeting: 'Hi' });
  });
});
