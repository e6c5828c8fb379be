import { graph, node, testValidator } from '../../../../test/support/validation.js';

describe('nodes that never run', () => {
  it('are those to which no path leads from a start', async () => {
    const { check } = await testValidator();
    const nodes = ['a', 'b', 'c', 'd'].map((id) => node(id, 'memory'));
    const unreachable = (edges: readonly string[]) =>
      check(graph(nodes, edges), 'unreachable-node', 'unconnected-node');
    expect(await unreachable(['a -> b', 'b -> c', 'c -> d'])).toEqual([]);
    expect(await unreachable(['a -> b', 'c -> d', 'd -> c'])).toEqual([
      'unreachable-node warning /nodes/2',
      'unreachable-node warning /nodes/3',
    ]);
    expect(await unreachable(['a -> b', 'b nowhere -> c', 'c -> d'])).toEqual([
      'unreachable-node warning /nodes/2',
      'unreachable-node warning /nodes/3',
    ]);
    expect(await unreachable(['a -> b', 'b -> c'])).toEqual(['unconnected-node warning /nodes/3']);
    expect(await unreachable([])).toEqual([]);
  });
});
