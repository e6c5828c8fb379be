import fc from 'fast-check';
import { GraphDefinition } from '../definition/definition.js';
import { segmentsOf } from './segment.js';

const graph = (ids: readonly string[], edges: readonly (readonly [string, string, string?])[]) =>
  GraphDefinition.parse({
    kind: 'graph',
    nodes: ids.map((id) => ({ id, type: 'fake' })),
    edges: edges.map(([from, to, port]) => ({ from, to, port })),
  });

/** Each segment as its nodes in a row, and where it leads. */
const shown = (definition: GraphDefinition, pure: readonly string[]) =>
  segmentsOf(definition, (id) => pure.includes(id)).map(
    ({ nodes, exits }) => `${nodes.map(({ id }) => id).join('')}>${exits.map(({ to }) => to).join('')}`,
  );

describe('the segments of a graph', () => {
  it('fuse a pure node with the one node after it', () => {
    expect(
      shown(
        graph(
          ['a', 'b', 'c'],
          [
            ['a', 'b'],
            ['b', 'c'],
          ],
        ),
        ['a'],
      ),
    ).toEqual(['ab>c', 'c>']);
    expect(
      shown(
        graph(
          ['a', 'b', 'c'],
          [
            ['a', 'b'],
            ['b', 'c'],
          ],
        ),
        ['a', 'b'],
      ),
    ).toEqual(['abc>']);
    expect(shown(graph(['a', 'b'], [['a', 'b']]), [])).toEqual(['a>b', 'b>']);
  });

  it.each([
    [
      'branches',
      graph(
        ['a', 'b', 'c'],
        [
          ['a', 'b'],
          ['a', 'c'],
        ],
      ),
      ['a>bc', 'b>', 'c>'],
    ],
    ['leaves by a port', graph(['a', 'b'], [['a', 'b', 'left']]), ['a>b', 'b>']],
    [
      'is joined by another',
      graph(
        ['a', 'b', 'c'],
        [
          ['a', 'c'],
          ['b', 'c'],
        ],
      ),
      ['a>c', 'b>c', 'c>'],
    ],
  ])('leave a node alone that %s', (_, definition, expected) => {
    expect(shown(definition, ['a', 'b', 'c'])).toEqual(expected);
  });

  it('hold every node once, lose no edge, and are entered at their head only', () => {
    const drawing = fc.record({
      edges: fc
        .uniqueArray(fc.tuple(fc.nat(9), fc.nat(9), fc.constantFrom('next', 'left')), {
          maxLength: 20,
          selector: String,
        })
        .map((edges) => edges.filter(([from, to]) => from < to)),
      pure: fc.subarray(Array.from({ length: 10 }, (_, index) => `n${index}`)),
    });
    fc.assert(
      fc.property(drawing, ({ edges, pure }) => {
        const ids = Array.from({ length: 10 }, (_, index) => `n${index}`);
        const definition = graph(
          ids,
          edges.map(([from, to, port]) => [`n${from}`, `n${to}`, port]),
        );
        const segments = segmentsOf(definition, (id) => pure.includes(id));
        expect(segments.flatMap(({ nodes }) => nodes.map(({ id }) => id)).toSorted()).toEqual(ids);
        const heads = new Set(segments.map(({ head }) => head));
        const exits = segments.flatMap((segment) => segment.exits);
        const inner = segments.flatMap(({ nodes }) => nodes.slice(1).map(({ id }) => id));
        expect(exits.length + inner.length).toBe(definition.edges.length);
        expect(exits.every(({ to }) => heads.has(to))).toBe(true);
        for (const { nodes } of segments) {
          expect(nodes.slice(0, -1).every(({ id }) => pure.includes(id))).toBe(true);
        }
      }),
    );
  });
});
