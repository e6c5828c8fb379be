import fc from 'fast-check';
import { evaluate, type Reason } from './condition.js';
import type { ReferenceScope } from '../definition/lookup.js';
import type { When } from './when.js';

const scopeOf = (variables: Readonly<Record<string, unknown>>): ReferenceScope => ({ input: {}, variables, nodes: {} });
const run = (expectation: unknown, value: unknown) => evaluate({ v: expectation } as When, scopeOf({ v: value }));
const matches = (expectation: unknown, value: unknown): boolean => run(expectation, value).matched;
const matchesNothing = (expectation: unknown): boolean => evaluate({ v: expectation } as When, scopeOf({})).matched;

describe('an expectation', () => {
  it.each<[expectation: unknown, matching: readonly unknown[], others: readonly unknown[]]>([
    ['en', ['en'], ['EN', 'en ', ['en'], null, 1, { 0: 'en' }]],
    [0.5, [0.5], ['0.5', 0.51, [0.5], null]],
    [0, [0, -0], [false, '', null, '0']],
    [true, [true], [false, 'true', 1]],
    [null, [null], [0, '', false, [], {}]],
    [
      ['en', 'de'],
      ['en', 'de'],
      ['fr', ['en', 'de'], ['en'], null],
    ],
    [[['en', 'de']], [['en', 'de']], ['en', [['en', 'de']]]],
    [
      [null, { a: 1 }],
      [null, { a: 1 }],
      [{ a: 1, b: 2 }, 'null'],
    ],
    [[], [], ['', null, []]],
    [{ in: ['en', 1] }, ['en', 1], ['1', 'fr', null]],
    [{ notIn: ['en', 1] }, ['fr', '1', null, ['en']], ['en', 1]],
    [{ notIn: [] }, ['x', null], []],
    [{ eq: { a: [1, 2] } }, [{ a: [1, 2] }], [{ a: [2, 1] }, { a: [1, 2], b: 1 }, '[object Object]']],
    [{ eq: null }, [null], [0, '']],
    [{ ne: 'en' }, ['de', ''], ['en', 1, null, true, ['en']]],
    [{ ne: 5 }, [4, 5.1], [5, '5', null]],
    [{ ne: null }, ['x', 0, false, []], [null]],
    [{ ne: [1] }, [[2], []], [[1], 1, { 0: 1 }]],
    [{ min: 0.7, max: 1 }, [0.7, 0.85, 1], [0.69999, 1.00001, '0.8', null, true, [0.8]]],
    [{ min: 0.7 }, [0.7, 1e308], [0.6, '0.8', '2026-01-01']],
    [{ max: 1 }, [1, -1e308], [1.1, null, '']],
    [{ min: 1, max: 0 }, [], [0, 0.5, 1]],
    [{ gt: 1 }, [1.01], [1, 0, '2', null, true]],
    [{ gte: 1 }, [1, 2], [0.99, '1']],
    [{ lt: 1 }, [0.99, -5], [1, null, false, '']],
    [{ lte: 1 }, [1, 0], [1.01]],
    [{ gt: 1, lt: 2 }, [1.5], [1, 2]],
    [{ gt: 'b' }, ['ba', 'c', 'é'], ['b', 'a', 'B', 1, null]],
    [{ lte: 'b' }, ['b', 'a', '', 'B'], ['ba', 0]],
    [{ contains: 'ell' }, ['hello', 'ell', ['ell', 1]], ['Hello'.toUpperCase(), ['hello'], { ell: 1 }, 1, null]],
    [{ contains: '' }, ['', 'x', ['']], [[], null]],
    [{ contains: 1 }, [[0, 1]], ['1', 1, [[1]], ['1']]],
    [{ contains: { a: 1 } }, [[{ a: 1 }]], [{ a: 1 }, [{ a: 1, b: 2 }]]],
    [{ startsWith: 'ab' }, ['ab', 'abc', ['ab', 'x']], ['cab', 'A', ['abc'], [], 1, null]],
    [{ endsWith: 'bc' }, ['bc', 'abc', ['x', 'bc']], ['bca', ['abc'], [], {}]],
    [{ exists: true }, [null, false, 0, '', [], {}], []],
    [{ exists: false }, [], [null, false, 0, '']],
    [{ all: [{ min: 1 }, { max: 3 }, { not: 2 }] }, [1, 3, 2.5], [2, 0, 4, '1']],
    [{ all: [] }, [1, null], []],
    [{ any: ['x', { min: 5 }] }, ['x', 5, 6], ['y', 4, null]],
    [{ any: [] }, [], [1, null]],
    [{ not: 'x' }, ['y', null, 1, ['x']], ['x']],
    [{ not: ['x', 'y'] }, ['z', null], ['x', 'y']],
    [{ not: { gt: 1 } }, [1, 'text', null], [2]],
    [{ min: 1, not: 2, notIn: [3] }, [1, 4], [0, 2, 3]],
  ])('%j', (expectation, matching, others) => {
    for (const value of matching) expect([value, matches(expectation, value)]).toEqual([value, true]);
    for (const value of others) expect([value, matches(expectation, value)]).toEqual([value, false]);
  });

  it.each<[expectation: unknown, matching: readonly string[], others: readonly unknown[]]>([
    [
      { min: '2026-01-01', max: '2026-01-31' },
      ['2026-01-01', '2026-01-31', '2026-01-31T23:59:59.999Z', '2026-02-01T00:30:00+01:00'],
      ['2025-12-31', '2026-02-01', '2026-01-32', '2026-01', 'soon', '', 1_767_225_600_000, null],
    ],
    [
      { min: '2026-01-01T10:00Z' },
      ['2026-01-01T10:00', '2026-01-01T12:00+02:00'],
      ['2026-01-01', '2026-01-01T09:59:59.999Z'],
    ],
    [{ gt: '2026-01-31' }, ['2026-02-01'], ['2026-01-31', '2026-01-31T23:59:59Z']],
    [{ gte: '2026-01-31' }, ['2026-01-31', '2026-01-31T00:00Z'], ['2026-01-30T23:59:59Z']],
    [{ lt: '2026-01-31' }, ['2026-01-30T23:59:59Z'], ['2026-01-31']],
    [{ lte: '2026-01-31' }, ['2026-01-31T12:00Z'], ['2026-02-01']],
    [{ eq: '2026-01-31' }, ['2026-01-31'], ['2026-01-31T00:00Z']],
  ])('on dates %j', (expectation, matching, others) => {
    for (const value of matching) expect([value, matches(expectation, value)]).toEqual([value, true]);
    for (const value of others) expect([value, matches(expectation, value)]).toEqual([value, false]);
  });

  it.each([
    [null],
    [{ eq: null }],
    [{ ne: 'x' }],
    [{ ne: null }],
    [{ notIn: ['x'] }],
    [{ exists: true }],
    [{ min: 0 }],
    [[null]],
    [{ contains: '' }],
  ])('%j does not match a name without a value', (expectation) => {
    expect(matchesNothing(expectation)).toBe(false);
  });

  it.each([
    [{ exists: false }],
    [{ not: 'x' }],
    [{ not: { exists: true } }],
    [{ all: [] }],
    [{ any: [{ exists: false }, 1] }],
  ])('%j matches a name without a value', (expectation) => {
    expect(matchesNothing(expectation)).toBe(true);
  });
});

describe('a when', () => {
  const scope: ReferenceScope = {
    input: { language: 'en', score: 1 },
    variables: { score: 0.5 },
    nodes: {},
    user: { id: 'u1' },
  };

  it.each<[When, boolean]>([
    [{}, true],
    [{ language: 'en' }, true],
    [{ language: 'en', score: { max: 0.5 } }, true],
    [{ language: 'en', score: { min: 0.6 } }, false],
    [{ 'input.score': { min: 0.6 } }, true],
    [{ all: [{ language: 'en' }, { score: 0.5 }] }, true],
    [{ all: [{ language: 'en' }, { score: 1 }] }, false],
    [{ any: [{ language: 'de' }, { score: 0.5 }] }, true],
    [{ any: [{ language: 'de' }, { score: 1 }] }, false],
    [{ any: [{ language: 'en' }], score: 1 }, false],
    [{ not: { language: 'de' } }, true],
    [{ not: { language: 'en', score: 1 } }, true],
    [{ not: { language: 'en' } }, false],
    [{ not: {} }, false],
    [{ any: [] }, false],
    [{ all: [] }, true],
    [{ 'user.id': 'u1' }, true],
    [{ 'conversation.id': { exists: false } }, true],
  ])('%j: %s', (when, matched) => {
    expect(evaluate(when, scope).matched).toBe(matched);
  });
});

describe('the reasons', () => {
  it('say what was asked, what was there, why it failed and what would have matched', () => {
    expect(run({ min: 0.7, max: 1 }, 0.4).reasons).toEqual([
      {
        pointer: '/v',
        path: 'v',
        expected: '{"min":0.7,"max":1}',
        actual: '0.4',
        matched: false,
        why: '0.4 is below 0.7',
        wouldMatch: 'a number from 0.7 to 1',
      },
    ]);
  });

  it('say why it matched', () => {
    expect(run(['en', 'de'], 'de').reasons).toEqual([
      {
        pointer: '/v',
        path: 'v',
        expected: '["en","de"]',
        actual: '"de"',
        matched: true,
        why: '"de" is in ["en","de"]',
      },
    ]);
  });

  it('say that a name has no value', () => {
    const { reasons } = evaluate({ language: 'en', 'nodes.a.output': 1 }, scopeOf({}));
    expect(reasons).toEqual([
      {
        pointer: '/language',
        path: 'language',
        expected: '"en"',
        matched: false,
        why: 'there is no language in the variables or the input',
        wouldMatch: '"en"',
      },
      expect.objectContaining({ path: 'nodes.a.output', why: 'there is no nodes.a.output' }),
    ]);
  });

  it.each<[expectation: unknown, value: unknown, why: string, wouldMatch: string]>([
    [{ min: 1 }, '5', '"5" is a text, not a number', 'a number of at least 1'],
    [{ max: '2026-01-01' }, 'soon', '"soon" is a text, not an ISO date', 'an ISO date of at most "2026-01-01"'],
    [{ min: 1, max: 2 }, null, 'null is null, not a number', 'a number from 1 to 2'],
    [{ min: 1, max: 2 }, 3, '3 is above 2', 'a number from 1 to 2'],
    [{ gt: 1 }, 1, '1 is equal to 1', 'a number above 1'],
    [
      { gt: '2026-01-31' },
      '2026-01-31T12:00Z',
      '"2026-01-31T12:00Z" is on "2026-01-31"',
      'an ISO date above "2026-01-31"',
    ],
    [{ lt: 'b' }, 1, '1 is a number, not a text', 'a text below "b"'],
    ['en', ['en'], '["en"] is a list, not a text', '"en"'],
    ['en', 'de', '"de" is not "en"', '"en"'],
    [['en'], ['en'], '["en"] is not in ["en"]; contains asks for a member of a list', 'a member of ["en"]'],
    [{ ne: 5 }, 'x', '"x" is a text, not a number', 'a number other than 5'],
    [{ ne: 5 }, 5, '5 is equal to 5', 'a number other than 5'],
    [{ notIn: [1] }, 1, '1 is in [1]', 'anything outside [1]'],
    [{ contains: 'x' }, 'abc', '"abc" does not contain "x"', 'a text or a list that contains "x"'],
    [{ contains: 1 }, 'abc', '"abc" is a text, not a list', 'a list that contains 1'],
    [{ startsWith: 'x' }, 5, '5 is a number, not a text or a list', 'a text or a list that starts with "x"'],
    [{ exists: false }, null, 'there is a value, null', 'no value at all'],
  ])('%j of %j', (expectation, value, why, wouldMatch) => {
    expect(run(expectation, value).reasons).toEqual([expect.objectContaining({ matched: false, why, wouldMatch })]);
  });

  it('name every condition with its place, a composition before its members', () => {
    const { matched, reasons } = evaluate(
      { any: [{ a: 1 }, { not: { b: { all: [{ min: 1 }, { not: 7 }] } } }] },
      scopeOf({ a: 2, b: 7 }),
    );
    expect(matched).toBe(true);
    expect(reasons.map(({ pointer, path, matched: hit, why }) => [pointer, path, hit, why])).toEqual([
      ['/any', '', true, '1 of 2 matched'],
      ['/any/0/a', 'a', false, '2 is not 1'],
      ['/any/1/not', '', true, '0 of 1 matched'],
      ['/any/1/not/b/all', 'b', false, '1 of 2 matched'],
      ['/any/1/not/b/all/0/min', 'b', true, '7 is above 1'],
      ['/any/1/not/b/all/1/not', 'b', false, '1 of 1 matched'],
      ['/any/1/not/b/all/1/not', 'b', true, '7 is equal to 7'],
    ]);
  });

  it('show a large value in part', () => {
    const [reason] = run('x', 'y'.repeat(100_000)).reasons;
    expect(reason?.actual).toHaveLength(80);
    expect(JSON.stringify(reason).length).toBeLessThan(600);
  });

  it('are the faults of a when that is not valid, which matches nothing', () => {
    for (const when of [{ v: { regex: 'x' } }, { not: { v: { regex: 'x' } } }, { any: [{ v: 1 }, { w: {} }] }]) {
      const { matched, reasons } = evaluate(when as When, scopeOf({ v: 1 }));
      expect(matched).toBe(false);
      expect(reasons).toEqual([
        expect.objectContaining<Partial<Reason>>({
          matched: false,
          why: expect.stringContaining('operator') as string,
        }),
      ]);
    }
  });
});

describe('a path to a prototype', () => {
  const names = ['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', 'valueOf', '__defineGetter__'];

  it('never finds a value', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(...names, 'a', 'input', 'variables'), { minLength: 1, maxLength: 5 }),
        (parts) => {
          fc.pre(parts.some((part) => names.includes(part)));
          const scope: ReferenceScope = { input: { a: { a: {} } }, variables: { a: {} }, nodes: {} };
          expect(evaluate({ [parts.join('.')]: { exists: true } }, scope).matched).toBe(false);
        },
      ),
    );
  });
});
