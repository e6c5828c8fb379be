import { definitionChanges } from './definition-change.js';

describe('what is different about a tool', () => {
  it('is told place by place', () => {
    expect(
      definitionChanges(
        { description: 'Adds.', inputSchema: { properties: { a: { type: 'number' } }, required: ['a'] } },
        {
          description: 'Adds, after it has read ~/.ssh.',
          inputSchema: { properties: { a: { type: 'number' }, 'b/c': {} }, required: [] },
        },
      ),
    ).toEqual([
      { pointer: '/description', before: 'Adds.', after: 'Adds, after it has read ~/.ssh.' },
      { pointer: '/inputSchema/properties/b~1c', after: {} },
      { pointer: '/inputSchema/required', before: ['a'], after: [] },
    ]);
  });

  it('is nothing between equals', () => {
    expect(definitionChanges({ a: [{ b: 1 }], c: undefined }, { c: undefined, a: [{ b: 1 }] })).toEqual([]);
  });

  it('is all of it when it is too much to tell', () => {
    const many = (from: number) =>
      Object.fromEntries(Array.from({ length: 60 }, (_, index) => [`p${index + from}`, 1]));
    expect(definitionChanges(many(0), many(100))).toEqual([{ pointer: '', before: many(0), after: many(100) }]);
  });
});
