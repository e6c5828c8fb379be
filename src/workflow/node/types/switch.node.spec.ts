import type { NodeContext } from '../node-type.js';
import { SwitchNode } from './switch.node.js';

const leave = async (input: object, when: readonly { port: string; when: object }[], otherwise = 'default') => {
  const scope = { input, variables: {}, nodes: {} };
  const context = { config: { branches: when, default: otherwise }, scope } as unknown as NodeContext<never>;
  return new SwitchNode().execute(context);
};

describe('the switch node', () => {
  const BRANCHES = [
    { port: 'hard', when: { complexity: { min: 0.7 } } },
    { port: 'technical', when: { kind: 'technical' } },
  ];

  it('leaves by the first branch that matches', async () => {
    expect(await leave({ complexity: 0.9, kind: 'technical' }, BRANCHES)).toMatchObject({ port: 'hard' });
    expect(await leave({ complexity: 0.1, kind: 'technical' }, BRANCHES)).toMatchObject({ port: 'technical' });
  });

  it('leaves by the default port when none does', async () => {
    expect(await leave({ complexity: 0.1 }, BRANCHES, 'else')).toMatchObject({
      port: 'else',
      output: { port: 'else' },
    });
  });

  it('says which branches it tried and why', async () => {
    const { explanation } = await leave({ complexity: 0.1, kind: 'technical' }, BRANCHES);
    expect(explanation).toMatchObject({
      branch: 'technical',
      explanation: [
        { branch: 'hard', matched: false },
        { branch: 'technical', matched: true },
      ],
    });
  });
});
