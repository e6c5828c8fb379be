import { graph, node, single, testValidator } from '../../../../test/support/validation.js';

describe('ids', () => {
  it('are used once in a definition, and may be used again inside of it', async () => {
    const { check } = await testValidator({ workflows: { plain: { definition: single() } } });
    const branch = (id: string, x: number) => ({ id, when: { x }, workflow: 'plain' });
    const child = (id: string) => ({ id, definition: single() });
    const duplicates = (definition: unknown) => check(definition, 'duplicate-id', 'invalid-structure');
    expect(await duplicates(graph([node('a', 'memory'), node('b', 'memory'), node('a', 'model')]))).toEqual([
      'duplicate-id error /nodes/2/id',
    ]);
    expect(await duplicates({ kind: 'conditional', branches: [branch('a', 1), branch('a', 2)] })).toEqual([
      'duplicate-id error /branches/1/id',
    ]);
    expect(
      await duplicates({ kind: 'composite', strategy: 'parallel', workflows: [child('a'), child('b'), child('a')] }),
    ).toEqual(['duplicate-id error /workflows/2/id']);
    expect(
      await duplicates({ kind: 'composite', strategy: 'parallel', workflows: [child('only'), child('b')] }),
    ).toEqual([]);
  });
});
