import { Definition } from '../definition/definition.js';
import { needsOf } from './needs.js';

const graph = (...nodes: readonly object[]) => ({
  kind: 'graph',
  nodes: nodes.map((node, index) => ({ id: `n${index}`, ...node })),
});

describe('needsOf', () => {
  it('finds node types, named tools and collections, each once', () => {
    const definition = Definition.parse(
      graph(
        { type: 'retrieve', config: { collections: ['handbook', 'faq'] } },
        { type: 'agent', config: { tools: ['calculator', 'search'] } },
        { type: 'tool', config: { tool: 'search' } },
        { type: 'agent', config: { tools: '*' } },
      ),
    );
    expect(needsOf(definition)).toEqual({
      nodeTypes: ['retrieve', 'agent', 'tool'],
      tools: ['calculator', 'search'],
      collections: ['handbook', 'faq'],
    });
  });

  it('does not guess what a reference will name', () => {
    const definition = Definition.parse(
      graph(
        { type: 'tool', config: { tool: '{{input.tool}}' } },
        { type: 'retrieve', config: { collections: '{{input.collections}}' } },
      ),
    );
    expect(needsOf(definition)).toMatchObject({ tools: [], collections: [] });
  });

  it('looks into definitions at any depth, and not at workflows that are named', () => {
    const body = graph({ type: 'agent', config: { tools: ['deep'] } });
    const definition = Definition.parse({
      kind: 'conditional',
      branches: [
        { id: 'a', when: { x: 1 }, workflow: 'tools' },
        {
          id: 'b',
          when: { x: 2 },
          definition: { kind: 'composite', strategy: 'parallel', workflows: [{ id: 'c', definition: body }] },
        },
      ],
      default: { definition: graph({ type: 'map', config: { items: [1], body: { definition: body } } }) },
    });
    const { nodeTypes, tools } = needsOf(definition);
    expect([[...nodeTypes].sort(), tools]).toEqual([['agent', 'map'], ['deep']]);
  });

  it('takes data that merely looks like nodes for data', () => {
    const definition = Definition.parse(graph({ type: 'set', config: { values: { nodes: [{ type: 'tool' }] } } }));
    expect(needsOf(definition).nodeTypes).toEqual(['set']);
  });
});
