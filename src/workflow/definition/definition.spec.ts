import { GraphDefinition } from './definition.js';

const node = (id: string, more: object = {}) => ({ id, type: 'model', ...more });
const graph = (more: object = {}) => ({ kind: 'graph', nodes: [node('a')], ...more });
const faultsOf = (value: unknown) =>
  GraphDefinition.safeParse(value)
    .error?.issues.map(({ path }) => path.join('/'))
    .toSorted() ?? [];

describe('a graph definition', () => {
  it('is completed with defaults', () => {
    expect(GraphDefinition.parse({ ...graph(), edges: [{ from: 'a', to: 'a' }] })).toEqual({
      kind: 'graph',
      nodes: [{ id: 'a', type: 'model', config: {} }],
      edges: [{ from: 'a', to: 'a', port: 'next' }],
    });
    expect(GraphDefinition.parse(graph()).edges).toEqual([]);
  });

  it('keeps everything that belongs to it', () => {
    const whole = {
      kind: 'graph',
      name: 'n',
      description: 'd',
      nodes: [node('a', { title: 't', config: { x: [1, { y: null }] }, timeoutMs: 5, position: { x: 1.5, y: -2 } })],
      edges: [{ from: 'a', to: 'b', port: 'p' }],
      output: { text: '{{text}}', list: ['{{a}}'] },
    };
    expect(GraphDefinition.parse(whole)).toEqual(whole);
  });

  it('tells all its faults at once', () => {
    const faulty = {
      kind: 'graph',
      nodes: [{ id: '1a', type: '', config: [], timeoutMs: 0 }],
      edges: [{ from: 'a' }],
      description: 7,
    };
    expect(faultsOf(faulty)).toEqual([
      'description',
      'edges/0/to',
      'nodes/0/config',
      'nodes/0/id',
      'nodes/0/timeoutMs',
      'nodes/0/type',
    ]);
  });

  it.each(['', '1', '_a', 'a b', 'a.b', 'a/b', 'ä', '__proto__', 'a'.repeat(65)])('does not name a node %p', (id) => {
    expect(faultsOf(graph({ nodes: [node(id)] }))).toContain('nodes/0/id');
  });

  it.each(['a', 'A1', 'ask-model', 'ask_model', 'constructor', 'messages'])('may name a node %p', (id) => {
    expect(faultsOf(graph({ nodes: [node(id)] }))).toEqual([]);
  });

  it.each([
    ['no nodes', graph({ nodes: [] }), ['nodes']],
    ['101 nodes', graph({ nodes: Array.from({ length: 101 }, (_, index) => node(`n${index}`)) }), ['nodes']],
    ['201 edges', graph({ edges: Array.from({ length: 201 }, () => ({ from: 'a', to: 'a' })) }), ['edges']],
    ['an unknown member', graph({ more: 1 }), ['']],
    ['an unknown member of a node', graph({ nodes: [node('a', { more: 1 })] }), ['nodes/0']],
    ['another kind', { ...graph(), kind: 'code' }, ['kind']],
    ['a time limit beyond a day', graph({ nodes: [node('a', { timeoutMs: 86_400_001 })] }), ['nodes/0/timeoutMs']],
  ])('does not have %s', (_, definition, faults) => {
    expect(faultsOf(definition)).toEqual(faults);
  });

  it.each([undefined, null, 'graph', 7, [], {}])('is not %p', (value) => {
    expect(faultsOf(value).length).toBeGreaterThan(0);
  });
});
