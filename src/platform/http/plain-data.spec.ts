import fc from 'fast-check';
import { plainDataFaults } from './plain-data.js';

/** `levels` lists inside one another around `innermost`. */
const nested = (levels: number, innermost: unknown): unknown => {
  let value = innermost;
  for (let level = 0; level < levels; level += 1) value = level % 2 === 0 ? [value] : { a: value };
  return value;
};

describe('plain data', () => {
  it('is any JSON without what PostgreSQL or an object cannot hold', () => {
    const text = fc.string({ unit: 'grapheme' }).filter((value) => !value.includes('\0'));
    const name = text.filter((value) => value !== '__proto__' && value !== 'constructor');
    const { data } = fc.letrec((tie) => ({
      data: fc.oneof(
        { depthSize: 'small', withCrossShrink: true },
        fc.constantFrom(null, true, false),
        fc.double(),
        text,
        fc.array(tie('data'), { maxLength: 5 }),
        fc.dictionary(name, tie('data'), { maxKeys: 5, noNullPrototype: true }),
      ),
    }));
    fc.assert(
      fc.property(data, (value) => {
        expect(plainDataFaults(value)).toEqual([]);
      }),
    );
  });

  it('never throws, and points at what is there', () => {
    fc.assert(
      fc.property(fc.jsonValue({ stringUnit: 'binary' }), (value) => {
        for (const { pointer, detail } of plainDataFaults(JSON.parse(JSON.stringify(value)))) {
          expect(detail).not.toBe('');
          expect(pointer).toMatch(/^(\/|$)/);
          expect(pointer.isWellFormed()).toBe(true);
        }
      }),
      { numRuns: 100 },
    );
  });

  it.each([
    ['a NUL character', { a: ['x', 'y\0'] }, '/a/1', 'must not contain NUL characters'],
    ['a lone surrogate', { a: '\ud800' }, '/a', 'must be well-formed Unicode (it has a lone surrogate)'],
    ['a NUL in a name', { 'a\0b': 1 }, '/ab', 'must not contain NUL characters'],
    ['a lone surrogate in a name', { '\udc00': 1 }, '/\ufffd', 'must be well-formed Unicode (it has a lone surrogate)'],
    ['__proto__', JSON.parse('{"a":{"__proto__":{}}}'), '/a/__proto__', 'is not an acceptable name'],
    ['constructor', { constructor: 1 }, '/constructor', 'is not an acceptable name'],
    ['a fault under a name that a pointer escapes', { 'a/b~c': '\0' }, '/a~1b~0c', 'must not contain NUL characters'],
    ['text that is the whole of it', '\0', '', 'must not contain NUL characters'],
  ])('does not hold %s', (_, data, pointer, detail) => {
    expect(plainDataFaults(data)).toEqual([{ pointer, detail }]);
  });

  it('leaves names that objects inherit alone', () => {
    expect(plainDataFaults({ toString: 1, hasOwnProperty: 'x', prototype: {} })).toEqual([]);
  });

  it.each([1, 'text', null, {}, []])('is nested at most 32 deep around %p', (innermost) => {
    expect(plainDataFaults(nested(32, innermost))).toEqual([]);
    const [fault, ...others] = plainDataFaults(nested(33, innermost));
    expect(fault?.detail).toBe('is nested deeper than 32');
    expect(fault?.pointer.split('/')).toHaveLength(34);
    expect(others).toEqual([]);
  });

  it('has lists and objects of at most 1,000 entries', () => {
    const members = (count: number) =>
      Object.fromEntries(Array.from({ length: count }, (_, index) => [`k${index}`, 1]));
    expect(plainDataFaults({ a: Array(1_000).fill(1), b: members(1_000) })).toEqual([]);
    expect(plainDataFaults({ a: Array(1_001).fill(1) })).toEqual([
      { pointer: '/a', detail: 'has more than 1000 entries' },
    ]);
    expect(plainDataFaults(members(1_001))).toEqual([{ pointer: '', detail: 'has more than 1000 entries' }]);
  });

  it('is told of with every fault at once, up to 20', () => {
    const twenty = Object.fromEntries(Array.from({ length: 20 }, (_, index) => [`f${index}`, '\0']));
    expect(plainDataFaults({ ...twenty, fine: 1 })).toHaveLength(20);
    expect(plainDataFaults({ ...twenty, more: '\0', much: { more: '\0' } })).toHaveLength(20);
  });

  it('is checked without recursion: depth cannot exhaust the stack', () => {
    expect(plainDataFaults(nested(200_000, 1))).toHaveLength(1);
  });

  it.each([
    [
      'members',
      (size: number) => Array.from({ length: 1_000 }, () => Array.from({ length: size / 1_000 }, () => ({ a: '' }))),
    ],
    ['text', (size: number) => ({ a: 'x~/'.repeat(size * 3) })],
    ['a name', (size: number) => ({ [`${'~/'.repeat(size * 4)}`]: { a: { b: { c: '\0' } } } })],
  ])('is checked in time linear in its %s', (_, make) => {
    const secondsFor = (size: number): number => {
      const data = make(size);
      const startedAt = performance.now();
      plainDataFaults(data);
      return (performance.now() - startedAt) / 1_000;
    };
    secondsFor(1_000);
    expect(secondsFor(100_000)).toBeLessThan(20);
  });
});
