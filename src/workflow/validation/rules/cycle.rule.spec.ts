import fc from 'fast-check';
import { graph, node, single, testValidator, type TestValidator } from '../../../../test/support/validation.js';

describe('a circle of edges', () => {
  let chatter: TestValidator;
  beforeAll(async () => {
    chatter = await testValidator();
  });
  const nodes = (count: number) => Array.from({ length: count }, (_, index) => node(`n${index}`, 'memory'));
  const cycles = (count: number, edges: readonly string[]) => chatter.check(graph(nodes(count), edges), 'cycle');

  it('is told at the edge that closes it', async () => {
    expect(await cycles(3, ['n0 -> n1', 'n1 -> n2'])).toEqual([]);
    expect(await cycles(4, ['n0 -> n1', 'n0 -> n2', 'n1 -> n3', 'n2 -> n3'])).toEqual([]);
    expect(await cycles(1, ['n0 -> n0'])).toEqual(['cycle error /edges/0']);
    expect(await cycles(3, ['n0 -> n1', 'n1 -> n2', 'n2 -> n1'])).toEqual(['cycle error /edges/2']);
    expect(await cycles(4, ['n0 -> n1', 'n1 -> n0', 'n2 -> n3', 'n3 -> n2'])).toEqual([
      'cycle error /edges/1',
      'cycle error /edges/3',
    ]);
  });

  it('is written out', async () => {
    const { message } = await chatter.only(graph(nodes(3), ['n0 -> n1', 'n1 -> n2', 'n2 -> n1']), 'cycle');
    expect(message).toBe('The edge from "n2" to "n1" closes a circle: n1 -> n2 -> n1.');
    const long = Array.from({ length: 20 }, (_, index) => `n${index} -> n${(index + 1) % 20}`);
    expect((await chatter.only(graph(nodes(20), long), 'cycle')).message).toMatch(
      /: n0 -> n1 -> .* -> … -> n19 -> n0[.]$/,
    );
  });

  it('is none where a loop node repeats its body', async () => {
    expect(await chatter.check(single('loop', { body: graph(nodes(2), ['n0 -> n1']), until: { done: true } }))).toEqual(
      [],
    );
  });

  it('is found exactly when a node can be reached from itself', async () => {
    const someEdges = fc.array(fc.tuple(fc.nat(5), fc.nat(5)), { maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(someEdges, async (edges) => {
        const next = (from: Iterable<number>) =>
          new Set(edges.filter(([source]) => [...from].includes(source)).map(([, to]) => to));
        const isOnCircle = (start: number) => {
          let reached = next([start]);
          for (let step = 0; step < 6; step++) reached = new Set([...reached, ...next(reached)]);
          return reached.has(start);
        };
        const found = await cycles(
          6,
          edges.map(([from, to]) => `n${from} -> n${to}`),
        );
        expect(found.length > 0).toBe([0, 1, 2, 3, 4, 5].some(isOnCircle));
      }),
    );
  });
});
