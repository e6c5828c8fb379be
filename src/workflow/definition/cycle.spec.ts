import fc from 'fast-check';
import { cyclicEdges } from './cycle.js';

const edge = ([from, to]: readonly [string, string]) => ({ from, to, port: 'next' });
const cyclic = (...edges: readonly (readonly [string, string])[]) =>
  cyclicEdges(edges.map(edge)).map(({ from, to }) => `${from}${to}`);

describe('cyclic edges', () => {
  it('are none in a graph that runs forward, however its edges are listed', () => {
    const forward = fc
      .uniqueArray(fc.tuple(fc.nat(30), fc.nat(30)), { maxLength: 200, selector: String })
      .map((pairs) => pairs.filter(([from, to]) => from < to));
    fc.assert(
      fc.property(forward, (pairs) => {
        expect(cyclicEdges(pairs.map(([from, to]) => edge([`n${from}`, `n${to}`])))).toEqual([]);
      }),
    );
  });

  it('are those of the circle, not those that lead to it or away', () => {
    expect(cyclic(['s', 'a'], ['a', 'b'], ['b', 'a'], ['b', 'e'])).toEqual(['ab', 'ba']);
  });

  it('include an edge from a node to itself', () => {
    expect(cyclic(['a', 'b'], ['b', 'b'])).toEqual(['bb']);
  });

  it('are found in any graph that has one', () => {
    const pairs = fc.array(fc.tuple(fc.nat(8), fc.nat(8)), { maxLength: 20 });
    const circle = fc.uniqueArray(fc.nat(8), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(pairs, circle, (others, nodes) => {
        const around = nodes.map((node, index) => [node, nodes[(index + 1) % nodes.length]!] as const);
        const edges = [...others, ...around].map(([from, to]) => edge([`n${from}`, `n${to}`]));
        expect(cyclicEdges(edges)).toEqual(expect.arrayContaining(edges.slice(others.length)));
      }),
    );
  });
});
