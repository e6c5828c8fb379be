import { asGraph } from './as-graph.js';
import { Definition } from './definition.js';

const LEAF = { kind: 'graph', nodes: [{ id: 'a', type: 'set' }] };

describe('a definition as a graph', () => {
  it('is itself when it is one', () => {
    const definition = Definition.parse(LEAF);
    expect(asGraph(definition)).toEqual({ graph: definition, isOneNode: false });
    expect(asGraph(definition).graph).toBe(definition);
  });

  it.each([
    ['conditional', { branches: [{ id: 'x', when: { n: 1 }, definition: LEAF }], default: { workflow: 'plain' } }],
    ['composite', { strategy: 'parallel', workflows: [{ id: 'x', workflow: 'plain' }] }],
  ])('is one node of a %s, whose output is its own', (kind, members) => {
    const described = { name: 'n', description: 'd', input: { type: 'object' }, limits: { maxToolCalls: 3 } };
    const definition = Definition.parse({ kind, ...described, ...members });
    const {
      name: _,
      description: __,
      input,
      limits: ___,
      kind: ____,
      ...config
    } = definition as Record<string, unknown>;
    expect(asGraph(definition)).toEqual({
      isOneNode: true,
      graph: {
        kind: 'graph',
        input,
        nodes: [{ id: kind, type: kind, config }],
        edges: [],
        output: `{{nodes.${kind}.output}}`,
      },
    });
  });
});
