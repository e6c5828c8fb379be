import fc from 'fast-check';
import { deepMerge } from './deep-merge.js';

type Members = Record<string, unknown>;

const key = fc.constantFrom('a', 'b', 'c', 'constructor', 'toString');
const { members } = fc.letrec<{ value: unknown; members: Members }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.integer(),
    fc.string(),
    fc.boolean(),
    fc.array(fc.integer()),
    tie('members'),
  ),
  members: fc.dictionary(key, tie('value'), { maxKeys: 4 }),
}));
const copy = <Value>(value: Value): Value => JSON.parse(JSON.stringify(value)) as Value;

describe('deepMerge', () => {
  it.each([
    [
      'objects merge at every depth',
      { a: { b: 1, c: { d: 2 } } },
      { a: { c: { e: 3 } } },
      { a: { b: 1, c: { d: 2, e: 3 } } },
    ],
    ['lists replace', { a: [1, 2, 3] }, { a: [4] }, { a: [4] }],
    ['an empty list is a value', { a: [1] }, { a: [] }, { a: [] }],
    ['scalars replace, false and zero too', { a: true, b: 5 }, { a: false, b: 0 }, { a: false, b: 0 }],
    ['an object replaces a scalar', { a: 1 }, { a: { b: 2 } }, { a: { b: 2 } }],
    ['a scalar replaces an object', { a: { b: 2 } }, { a: 1 }, { a: 1 }],
    ['null takes away, at any depth', { a: 1, b: { c: 2, d: 3 } }, { a: null, b: { c: null } }, { b: { d: 3 } }],
    ['null for what is not there changes nothing', { a: 1 }, { b: null, c: { d: null } }, { a: 1, c: {} }],
    ['undefined is not there', { a: 1 }, { a: undefined }, { a: 1 }],
  ])('%s', (_, base, over, merged) => {
    expect(deepMerge(base, over)).toEqual(merged);
  });

  it('changes neither of the two', () => {
    fc.assert(
      fc.property(members, members, (base, over) => {
        const before = copy([base, over]);
        deepMerge(base, over);
        expect([base, over]).toEqual(before);
      }),
    );
  });

  it('has every override, and every default that nothing overrides', () => {
    fc.assert(
      fc.property(members, members, (base, over) => {
        const merged = deepMerge(base, over);
        expect(Object.keys(merged).sort()).toEqual([...new Set([...Object.keys(base), ...Object.keys(over)])].sort());
        expect(merged).toMatchObject(over);
        for (const name of Object.keys(base)) if (!Object.hasOwn(over, name)) expect(merged[name]).toEqual(base[name]);
      }),
    );
  });

  it('is the same when the same is laid over again', () => {
    fc.assert(
      fc.property(members, members, (base, over) => {
        const once = deepMerge(base, over);
        expect(deepMerge(once, over)).toEqual(once);
      }),
    );
  });

  it('merges a thing with itself, or with nothing, to the same', () => {
    fc.assert(
      fc.property(members, (a) => {
        expect([deepMerge(a, a), deepMerge(a, {}), deepMerge({}, a)]).toEqual([a, a, a]);
      }),
    );
  });

  it('reaches no prototype', () => {
    const hostile = JSON.parse('{"__proto__":{"polluted":1},"a":{"__proto__":{"polluted":1},"b":2}}') as Members;
    const merged = deepMerge({ a: {} }, hostile);
    expect(merged).toEqual({ a: { b: 2 } });
    expect(Object.keys(merged)).toEqual(['a']);
    expect(({} as Members).polluted).toBeUndefined();
    expect((merged as Members).polluted).toBeUndefined();
  });
});
