import { z } from 'zod';
import { Expectation, readWhen, When } from './when.js';

const faults = (data: unknown) => {
  const read = readWhen(data);
  return 'faults' in read ? Object.fromEntries(read.faults.map(({ pointer, detail }) => [pointer, detail])) : {};
};

const pointersOf = (data: unknown) => Object.keys(faults(data));

const nested = (levels: number): unknown => (levels === 0 ? { a: 1 } : { not: nested(levels - 1) });
const nestedExpectation = (levels: number): unknown => (levels === 0 ? 1 : { any: [nestedExpectation(levels - 1)] });
const paths = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, index) => [`p${index}`, index]));

describe('a when', () => {
  it.each([
    {},
    { queryComplexity: { min: 0.7, max: 1 }, language: ['en', 'de'] },
    { queryType: 'technical_support', hasImages: true, nothing: null, count: 0 },
    { a: { in: [1, 'x', null, { b: [] }] }, b: { notIn: [] }, c: [] },
    { a: { eq: { deep: [1] } }, b: { ne: null }, c: { gt: 1, lte: 5 }, d: { gte: 'b', lt: '2026-01-01' } },
    { 'nodes.draft.output.text': { contains: 'x', startsWith: 'y', endsWith: 'z', exists: true } },
    { due: { min: '2026-01-01', max: '2026-12-31T23:59:59Z' } },
    { all: [{ a: 1 }, { any: [{ b: 2 }, { not: { c: { not: { any: [1, { min: 2 }] } } } }] }] },
    { a: { all: [{ min: 1 }, { not: 3 }] }, 'input.all': 1 },
    { all: [], any: [] },
  ])('may be %j', (data) => {
    expect(faults(data)).toEqual({});
    expect(When.parse(data)).toEqual(data);
  });

  it.each([
    ['an unknown operator', { a: { regex: '.*' } }, ['/a/regex']],
    ['two unknown operators', { a: { $gt: 1, foo: 2, min: 0 } }, ['/a/$gt', '/a/foo']],
    [
      'an unknown operator deep inside',
      { any: [{ a: 1 }, { b: { all: [1, { not: { like: 'x' } }] } }] },
      ['/any/1/b/all/1/not/like'],
    ],
    ['a when where an expectation belongs', { a: { any: [{ language: 'en' }] } }, ['/a/any/0/language']],
    [
      'faults in several places',
      { a: { foo: 1 }, b: { min: true }, c: { exists: 'yes' } },
      ['/a/foo', '/b/min', '/c/exists'],
    ],
    ['no operator', { a: {} }, ['/a']],
    ['a bound that is no date', { a: { min: 'high' } }, ['/a/min']],
    ['a date that does not exist', { a: { max: '2026-02-30' } }, ['/a/max']],
    ['a number and a date', { a: { min: 1, max: '2026-01-01' } }, ['/a/max']],
    ['an order of truth values', { a: { gt: true } }, ['/a/gt']],
    ['a number to start with', { a: { startsWith: 1 } }, ['/a/startsWith']],
    ['members that are no list', { a: { in: 'en' }, all: { b: 1 } }, ['/all', '/a/in']],
    ['what is no object', ['a'], ['']],
    ['null', null, ['']],
    ['text', 'a > 1', ['']],
    ['an empty path', { '': 1 }, ['/']],
    ['a path with an empty name', { 'a..b': 1 }, ['/a..b']],
    ['a path to a prototype', { 'a.constructor.name': 'Object', b: { foo: 1 } }, ['/a.constructor.name', '/b/foo']],
    ['a path with a slash', { 'a/b~c': { foo: 1 } }, ['/a~1b~0c/foo']],
    ['an infinite bound', JSON.parse('{ "a": { "min": 1e999 } }'), ['/a/min']],
    ['too long a list', { a: { in: Array.from({ length: 1_001 }, (_, index) => index) } }, ['/a/in']],
  ])('may not hold %s', (_, data, pointers) => {
    expect(pointersOf(data)).toEqual(pointers);
  });

  it('may not name a prototype as its own member, where it would be lost', () => {
    expect(pointersOf(JSON.parse('{ "__proto__": { "min": 1 } }'))).toEqual(['/__proto__']);
  });

  it('says which operators there are', () => {
    expect(faults({ a: { regex: 'x' } })['/a/regex']).toBe(
      'is not an operator; the operators are min, max, in, notIn, eq, ne, gt, gte, lt, lte, contains, startsWith, endsWith, exists, all, any, not',
    );
  });

  it('has its faults at the same places inside a larger schema', () => {
    const result = z.strictObject({ when: When }).safeParse({ when: { a: { all: [{ regex: 1 }] }, b: { min: 'x' } } });
    expect(result.error?.issues.map(({ path }) => path)).toEqual([
      ['when', 'a', 'all', 0, 'regex'],
      ['when', 'b', 'min'],
    ]);
    expect(z.strictObject({ when: When }).safeParse({}).success).toBe(false);
  });

  it('has at most 256 conditions', () => {
    expect(faults(paths(256))).toEqual({});
    expect(faults(paths(257))).toEqual({ '': 'has more than 256 conditions' });
    expect(faults({ a: { any: Array.from({ length: 255 }, () => 1) } })).toEqual({});
    expect(faults({ a: { any: Array.from({ length: 256 }, () => 1) } })).toEqual({
      '': 'has more than 256 conditions',
    });
    expect(faults({ all: Array.from({ length: 257 }, () => ({})) })).toEqual({ '': 'has more than 256 conditions' });
    expect(faults({ a: { in: Array.from({ length: 1_000 }, () => 1) } })).toEqual({});
  });

  it('nests all, any and not at most 16 deep', () => {
    expect(faults(nested(16))).toEqual({});
    expect(faults({ a: nestedExpectation(16) })).toEqual({});
    expect(pointersOf(nested(17))).toEqual([`${'/not'.repeat(17)}`]);
    expect(pointersOf({ a: nestedExpectation(17) })).toEqual([`/a${'/any/0'.repeat(17)}`]);
    expect(pointersOf(JSON.parse(`${'{"not":'.repeat(50_000)}{}${'}'.repeat(50_000)}`))).toHaveLength(1);
  });

  it('takes operands of any depth', () => {
    const deep: unknown = JSON.parse(`${'['.repeat(50_000)}${']'.repeat(50_000)}`);
    expect(faults({ a: { eq: deep }, b: deep })).toEqual({});
  });

  it.each(['input', 'output'] as const)('is published as a closed JSON Schema (%s)', (io) => {
    const published = z.toJSONSchema(z.strictObject({ when: When }), { io });
    expect(published).toMatchObject({
      properties: { when: { $ref: '#/$defs/When' } },
      required: ['when'],
      $defs: {
        When: {
          type: 'object',
          properties: { not: { $ref: '#/$defs/When' } },
          additionalProperties: { $ref: '#/$defs/Expectation' },
        },
        Expectation: {
          anyOf: expect.arrayContaining([expect.objectContaining({ type: 'object', additionalProperties: false })]),
        },
      },
    });
    expect(z.toJSONSchema(Expectation, { io })).toBeDefined();
  });
});
