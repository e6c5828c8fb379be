import { executed } from '../../../../test/support/node-context.js';
import { EndNode } from './end.node.js';

describe('the end node', () => {
  it('ends the path with its output', async () => {
    const { result } = await executed(new EndNode(), {
      config: { output: { text: '{{answer}}' } },
      scope: { variables: { answer: 'Yes.' } },
    });
    expect(result).toEqual({ output: { text: 'Yes.' }, end: { output: { text: 'Yes.' } } });
  });

  it('ends the path without a word about the output', async () => {
    const { result } = await executed(new EndNode());
    expect(result.end).toBeDefined();
    expect(result.end?.output).toBeUndefined();
  });

  it('may end with null', async () => {
    const { result } = await executed(new EndNode(), { config: { output: null } });
    expect(result.end).toEqual({ output: null });
  });
});
