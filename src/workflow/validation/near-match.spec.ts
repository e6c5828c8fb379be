import fc from 'fast-check';
import { nearMatches, suggestions } from './near-match.js';

describe('near matches', () => {
  it.each([
    ['modle', ['model', 'memory'], ['model']],
    ['Model', ['model'], ['model']],
    ['swtich', ['switch', 'sketch'], ['switch']],
    ['x', ['y', 'a'], []],
    ['model', ['model'], []],
    ['loop', ['map', 'look', 'loops'], ['look', 'loops']],
  ])('of %s in %j', (name, candidates, expected) => {
    expect(nearMatches(name, candidates)).toEqual(expected);
  });

  it('are what is two changes away or less, as a plain computation says', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), minLength: 5, maxLength: 12 });
    fc.assert(
      fc.property(text, text, (left, right) => {
        const expected = left !== right && plainDistance(left, right) <= 2;
        expect(nearMatches(left, [right])).toEqual(expected ? [right] : []);
      }),
      { numRuns: 1_000 },
    );
  });

  it('are given up after as many as anyone reads', () => {
    const didYouMean = suggestions();
    const given = Array.from({ length: 600 }, () => didYouMean('modle', ['model']));
    expect(given[0]).toBe(' Did you mean "model"?');
    expect(given.filter((hint) => hint === '')).toHaveLength(100);
  });
});

function plainDistance(left: string, right: string): number {
  if (left === '' || right === '') return left.length + right.length;
  const table = Array.from({ length: left.length + 1 }, (_, row) =>
    Array.from({ length: right.length + 1 }, (_unused, column) => (row === 0 ? column : column === 0 ? row : 0)),
  );
  for (let row = 1; row <= left.length; row++)
    for (let column = 1; column <= right.length; column++)
      table[row]![column] = Math.min(
        table[row - 1]![column]! + 1,
        table[row]![column - 1]! + 1,
        table[row - 1]![column - 1]! + (left[row - 1] === right[column - 1] ? 0 : 1),
      );
  return table[left.length]![right.length]!;
}
