import { graph, node, testValidator } from '../../../../test/support/validation.js';

describe('a graph of many nodes', () => {
  it('is warned of from 80, before it is refused above 100', async () => {
    const { check } = await testValidator();
    const sized = (count: number) =>
      check(
        graph(Array.from({ length: count }, (_, index) => node(`n${index}`, 'memory'))),
        'many-nodes',
        'too-many-nodes',
      );
    expect(await sized(79)).toEqual([]);
    expect(await sized(80)).toEqual(['many-nodes warning /nodes']);
    expect(await sized(100)).toEqual(['many-nodes warning /nodes']);
    expect(await sized(101)).toEqual(['too-many-nodes error /nodes']);
  });
});
