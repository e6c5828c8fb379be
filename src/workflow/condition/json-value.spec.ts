import fc from 'fast-check';
import { deepEqual, preview } from './json-value.js';

const nested = (depth: number): unknown => JSON.parse(`${'['.repeat(depth)}${']'.repeat(depth)}`);

describe('deepEqual', () => {
  it.each([
    [1, 1, true],
    [0, -0, true],
    [1, '1', false],
    [null, undefined, false],
    [null, 0, false],
    [[], {}, false],
    [[1, 2], [1, 2], true],
    [[1, 2], [2, 1], false],
    [[1], [1, 2], false],
    [{ a: 1, b: [2] }, { b: [2], a: 1 }, true],
    [{ a: 1 }, { b: 1 }, false],
    [{ a: 1 }, { a: 1, b: 2 }, false],
    [{ toString: 1 }, {}, false],
    [{}, { toString: 1 }, false],
  ])('%j and %j: %s', (left, right, equal) => {
    expect(deepEqual(left, right)).toBe(equal);
    expect(deepEqual(right, left)).toBe(equal);
  });

  it('does not take a name of the prototype for a member', () => {
    expect(deepEqual({ constructor: undefined }, { other: undefined })).toBe(false);
  });

  it('finds a copy equal and a changed copy not', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const copy: unknown = JSON.parse(JSON.stringify(value));
        expect(deepEqual(value, copy)).toBe(true);
        expect(deepEqual([value, 1], [copy, 2])).toBe(false);
        expect(deepEqual({ value }, { value: [copy] })).toBe(false);
      }),
    );
  });

  it('compares values of any depth', () => {
    expect(deepEqual(nested(100_000), nested(100_000))).toBe(true);
    expect(deepEqual(nested(100_000), nested(100_001))).toBe(false);
  });
});

describe('preview', () => {
  it.each([
    [1, '1'],
    [null, 'null'],
    ['a "b"', '"a \\"b\\""'],
    [[1, 'a', [true]], '[1,"a",[true]]'],
    [{ a: 1, 'b c': { d: null } }, '{"a":1,"b c":{"d":null}}'],
    [[], '[]'],
    [{}, '{}'],
  ])('is the JSON of a small value: %j', (value, text) => {
    expect(preview(value)).toBe(text);
  });

  it('is the JSON of every value that is short and flat', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 2, noUnicodeString: true }), (value) => {
        const json = JSON.stringify(value);
        fc.pre(json.length < 60);
        expect(preview(value)).toBe(json);
      }),
    );
  });

  it('has at most 80 well-formed characters for any value', () => {
    fc.assert(
      fc.property(fc.anything({ withBigInt: true }), fc.string({ unit: 'binary', maxLength: 200 }), (value, text) => {
        for (const shown of [preview(value), preview(text), preview([text, value, text]), preview({ [text]: value })]) {
          expect(shown.length).toBeLessThanOrEqual(80);
          expect(shown.isWellFormed()).toBe(true);
        }
      }),
    );
  });

  it('reads only as much of a value as it shows', () => {
    let reads = 0;
    const list = new Proxy(
      Array.from({ length: 100_000 }, () => 'entry'),
      {
        get: (target, key, receiver) => {
          reads += 1;
          return Reflect.get(target, key, receiver) as unknown;
        },
      },
    );
    expect(preview(list)).toContain('…');
    expect(reads).toBeLessThan(100);
    expect(preview(nested(100_000))).toBe('[[[[[…]]]]]');
  });
});
