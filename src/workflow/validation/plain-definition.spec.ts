import fc from 'fast-check';
import { plainDataFaults } from '../../platform/http/plain-data.js';
import { readPlain } from './plain-definition.js';

describe('a plain definition', () => {
  const nested = (depth: number, innermost: unknown): unknown =>
    Array.from({ length: depth }).reduce((inner) => ({ inner }), innermost);

  it('is refused exactly where a request that stores it would be', () => {
    const hostile = fc.oneof(
      fc.constantFrom('a\0b', '\ud800', '__proto__', 'constructor', 'fine'),
      fc.string({ unit: 'binary', maxLength: 5 }),
    );
    const value = fc.letrec((tie) => ({
      any: fc.oneof(
        { maxDepth: 4 },
        hostile,
        fc.double({ noNaN: true, noDefaultInfinity: true }),
        fc.array(tie('any')),
        tie('object'),
      ),
      object: fc.array(fc.tuple(hostile, tie('any'))).map((entries) => Object.fromEntries(entries) as unknown),
    })).any;
    fc.assert(
      fc.property(value, fc.nat(34), (inner, depth) => {
        const definition = nested(depth, inner);
        expect(readPlain(definition).faults.length > 0).toBe(plainDataFaults({ definition }).length > 0);
      }),
      { numRuns: 1_000 },
    );
  });

  it('is as it was when nothing is wrong with it', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5 }), (value) => {
        const { value: copy, bytes, faults } = readPlain(value);
        if (faults.length > 0) return;
        expect(copy).toEqual(value);
        expect(bytes).toBe(Buffer.byteLength(JSON.stringify(value)));
      }),
    );
  });

  it('names the place and the thing', () => {
    const { value, faults } = readPlain(JSON.parse('{"a/b":[{"__proto__":{"x":1},"y":2}]}'));
    expect(value).toEqual({ 'a/b': [{ y: 2 }] });
    expect(faults).toEqual([
      {
        code: 'invalid-structure',
        severity: 'error',
        pointer: '/a~1b/0/__proto__',
        message: '"__proto__" is a name that is never accepted.',
        hint: 'Remove or rename it.',
      },
    ]);
    expect(readPlain({ list: Array.from({ length: 1_001 }, () => 1) }).faults[0]).toMatchObject({ pointer: '/list' });
    expect(readPlain(nested(32, 1)).faults).toMatchObject([{ code: 'too-deep', pointer: '/inner'.repeat(32) }]);
    expect(readPlain(nested(31, 1)).faults).toEqual([]);
  });
});
