import fc from 'fast-check';
import { definitionOf } from '../../../test/support/graph-drawing.js';
import type { GraphDefinition } from '../definition/definition.js';
import { regionsOf } from './region.js';

type Link = readonly [from: string, to: string, port?: string];

const graph = (ids: readonly string[], links: readonly Link[]): GraphDefinition =>
  definitionOf({ nodes: Object.fromEntries(ids.map((id) => [id, ['set'] as const])), edges: links });

/** "a b c" and "a>b b>c:left". */
const drawn = (ids: string, links: string): GraphDefinition =>
  graph(
    ids.split(' '),
    links.split(' ').map((link) => {
      const [, from, to, port] = /^(\w+)>(\w+)(?::(\w+))?$/.exec(link)!;
      return [from!, to!, port];
    }),
  );

const partsOf = (definition: GraphDefinition) =>
  regionsOf(definition).map(({ nodes, exit }) => [nodes.toSorted().join(' '), exit]);

describe('the regions of a graph', () => {
  it.each([
    ['none in a line', drawn('a b c', 'a>b b>c'), []],
    ['none at a choice', drawn('a b c d', 'a>b:left a>c:right b>d c>d'), []],
    ['from a fan-out to where its branches meet', drawn('a b c d e', 'a>b a>c b>d c>d d>e'), [['b c d', 'd']]],
    ['to the end where they do not meet', drawn('a b c', 'a>b a>c'), [['b c', undefined]]],
    [
      'to the end where one of them ends before they meet',
      drawn('a b c d e', 'a>b a>c b>d:left c>d a>e'),
      [['b c d e', undefined]],
    ],
    [
      'the outer one of fan-outs inside fan-outs',
      drawn('s a b c d m j', 's>a s>b a>c a>d c>m d>m m>j b>j'),
      [['a b c d j m', 'j']],
    ],
    [
      'one after the other',
      drawn('s a b m c d n', 's>a s>b a>m b>m m>c m>d c>n d>n'),
      [
        ['a b m', 'm'],
        ['c d n', 'n'],
      ],
    ],
    ['all of it when several nodes begin', drawn('a b c d', 'a>c b>c c>d'), [['a b c d', undefined]]],
    [
      'all of it when another way leads into the branches',
      drawn('s a b c m', 's>a:left s>b:left s>c:right a>m b>m c>m'),
      [['a b c m s', undefined]],
    ],
    ['behind one port of a choice', drawn('s a b m c', 's>a:left s>b:left s>c:right a>m b>m'), [['a b m', 'm']]],
    ['also where two edges lead to the same node', drawn('s a b', 's>a s>a a>b'), [['a', 'a']]],
  ])('are %s', (_, definition, regions) => {
    expect(partsOf(definition)).toEqual(regions);
  });

  const shapes = fc
    .tuple(
      fc.integer({ min: 1, max: 12 }),
      fc.array(fc.tuple(fc.nat(11), fc.nat(11), fc.constantFrom('next', 'left')), { maxLength: 22 }),
      fc.infiniteStream(fc.nat()),
    )
    .map(([size, pairs, stream]) => {
      const ids = Array.from({ length: size }, (_, index) => `n${index}`);
      const links = pairs
        .filter(([from, to]) => from < to && to < size)
        .map(([from, to, port]): Link => [`n${from}`, `n${to}`, port]);
      const ranks = new Map(ids.map((id) => [id, stream.next().value as number]));
      return graph(
        ids.toSorted((a, b) => ranks.get(a)! - ranks.get(b)!),
        links,
      );
    });

  it('share no node, hold every fan-out, and are entered by its edges and left by their exit alone', () => {
    fc.assert(
      fc.property(shapes, (definition) => {
        const { nodes, edges } = definition;
        const regions = regionsOf(definition);
        const all = regions.flatMap((region) => region.nodes);
        expect(new Set(all).size).toBe(all.length);

        for (const region of regions) {
          const inside = new Set(region.nodes);
          const isWhole = region.nodes.length === nodes.length;
          const into = edges.filter(({ from, to }) => inside.has(to) && !inside.has(from));
          if (!isWhole) expect(new Set(into)).toEqual(new Set(region.entries));
          const outOf = edges.filter(({ from, to }) => inside.has(from) && !inside.has(to));
          expect(outOf.every(({ from }) => from === region.exit)).toBe(true);
          const within = edges.filter(({ from, to }) => inside.has(from) && inside.has(to));
          expect(new Set(region.edges)).toEqual(new Set(within));
          for (const { from, to } of region.edges)
            expect(region.nodes.indexOf(from)).toBeLessThan(region.nodes.indexOf(to));
        }

        for (const group of Map.groupBy(edges, ({ from, port }) => `${from} ${port}`).values()) {
          if (group.length < 2) continue;
          const owners = regions.filter((region) => group.every(({ to }) => region.nodes.includes(to)));
          expect(owners).toHaveLength(1);
        }
      }),
      { numRuns: 500 },
    );
  });
});
