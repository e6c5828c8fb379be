import fc from 'fast-check';
import type { Branch } from './branches.js';
import { evaluate } from './condition.js';
import { coverage, type ConditionWarning } from './coverage.js';
import type { When } from './when.js';

const branchesOf = (whens: readonly unknown[]): readonly Branch[] =>
  whens.map((when, index) => ({ id: `b${index}`, when: when as When }));

const check = (whens: readonly unknown[], hasDefault = true): readonly ConditionWarning[] =>
  coverage({ branches: branchesOf(whens), hasDefault, pointer: '/branches' });

const brief = (whens: readonly unknown[], hasDefault = true): readonly string[] =>
  check(whens, hasDefault).map(({ code, pointer }) => `${code.replace('condition-', '')} ${pointer}`);

const messages = (whens: readonly unknown[], hasDefault = true): readonly string[] =>
  check(whens, hasDefault).map(({ message }) => message);

describe('coverage', () => {
  it.each<[name: string, whens: readonly unknown[]]>([
    ['no branches', []],
    ['support routing', [{ queryComplexity: { min: 0.7, max: 1 } }, { queryType: 'technical_support' }]],
    ['document analysis', [{ documentType: ['pdf', 'docx', 'txt'] }, { hasImages: true }]],
    ['ranges that meet', [{ a: { lt: 1 } }, { a: { gte: 1, lt: 2 } }, { a: { gte: 2 } }]],
    ['days that meet', [{ d: { max: '2026-01-31' } }, { d: { min: '2026-02-01' } }]],
    ['lists apart', [{ a: ['x', 'y'] }, { a: ['z'] }, { a: 'w' }]],
    [
      'boxes apart in one name',
      [
        { a: { min: 0, max: 5 }, b: 'x' },
        { a: { min: 3, max: 9 }, b: 'y' },
      ],
    ],
    ['the special case before the general', [{ a: { min: 1 }, b: 'x' }, { a: { min: 1 } }]],
    ['a last branch for the rest', [{ a: { min: 1 } }, {}]],
    ['a range with a hole of its own', [{ a: { any: [{ max: 1 }, { min: 2 }] } }]],
    ['what it cannot see through', [{ any: [{ a: 1 }, { b: 1 }] }, { any: [{ b: 1 }, { a: 1 }] }]],
    [
      'what two names decide together',
      [
        { c: 1, any: [{ a: 1 }, { b: 1 }] },
        { c: 1, all: [{ a: [2, 3] }, { b: 2 }] },
        {
          c: 1,
          any: [
            { a: 2, b: 3 },
            { a: 3, b: 3 },
          ],
        },
      ],
    ],
    ['texts it cannot tell apart', [{ a: { contains: 'x' } }, { a: { startsWith: 'x' } }, { a: { contains: 'xy' } }]],
    ['a when that is not valid', [{ a: { foo: 1 } }, { a: { foo: 1 } }]],
  ])('has nothing to say about %s', (_, whens) => {
    expect(check(whens)).toEqual([]);
  });

  it.each<[whens: readonly unknown[], warnings: readonly string[]]>([
    [[{ a: { min: 0, max: 0.3 } }, { a: { min: 0.5, max: 1 } }], ['gap /branches/1/when']],
    [[{ a: { min: 0.5, max: 1 } }, { a: { min: 0, max: 0.3 } }], ['gap /branches/0/when']],
    [[{ a: { min: 0, max: 0.3 } }, { a: { min: 0.5, max: 1 } }, { a: { gt: 0.3, lt: 0.5 }, b: 1 }], []],
    [[{ a: { min: 0, max: 0.5 } }, { a: { min: 0.5, max: 1 } }], ['overlap /branches/1/when']],
    [[{ a: { min: 0.9 } }, { a: { min: 0.5 } }], ['overlap /branches/1/when']],
    [[{ a: ['x', 'y'] }, { a: ['y', 'z'] }], ['overlap /branches/1/when']],
    [[{ a: [1, 2] }, { a: { min: 2, max: 3 } }], ['overlap /branches/1/when']],
    [
      [
        { a: { min: 0, max: 5 }, b: 'x' },
        { b: ['x', 'y'], a: { min: 3, max: 9 } },
      ],
      ['overlap /branches/1/when'],
    ],
    [[{ a: { min: 0.5 } }, { a: { min: 0.9 } }], ['unreachable /branches/1/when']],
    [[{ a: ['x', 'y'] }, { a: 'y' }], ['unreachable /branches/1/when']],
    [[{ a: 'x' }, { a: 'y' }, { a: ['x', 'y'] }], ['unreachable /branches/2/when']],
    [[{}, { a: 1 }], ['unreachable /branches/1/when']],
    [[{ a: { exists: true } }, { a: { exists: false } }, { b: 1 }], ['unreachable /branches/2/when']],
    [[{ a: { min: 1 } }, { a: { min: 1 }, b: 'x' }], ['unreachable /branches/1/when']],
    [[{ a: { min: 1 } }, { all: [{ b: 'x' }, { a: { gt: 1 } }] }], ['unreachable /branches/1/when']],
    [
      [
        { a: 1, b: [1, 2] },
        { a: 2, b: [1, 2] },
        { a: [1, 2], b: 1 },
      ],
      ['unreachable /branches/2/when'],
    ],
    [[{ a: { min: 2, max: 1 } }], ['unreachable /branches/0/when']],
    [
      [{ a: { all: ['x', 'y'] } }, { a: [] }, { any: [] }, { not: {} }],
      [0, 1, 2, 3].map((at) => `unreachable /branches/${at}/when`),
    ],
    [[{ a: { contains: 'x' } }, { a: 'xyz' }], ['unreachable /branches/1/when']],
    [[{ d: { max: '2026-01-31' } }, { d: { min: '2026-03-01' } }], ['gap /branches/1/when']],
    [[{ d: { max: '2026-01-31' } }, { d: { min: '2026-01-31T12:00Z' } }], ['overlap /branches/1/when']],
    [[{ d: { min: '2026-01-01' } }, { d: '2026-05-05' }], ['unreachable /branches/1/when']],
  ])('%j', (whens, warnings) => {
    expect(brief(whens)).toEqual(warnings);
  });

  it.each<[whens: readonly unknown[], warnings: readonly string[]]>([
    [[], ['gap /branches']],
    [[{ a: 1 }], ['gap /branches']],
    [[{ a: { lt: 1 } }, { a: { gte: 1 } }], ['gap /branches']],
    [[{ a: { exists: false } }, { a: { exists: true } }], []],
    [[{ a: { exists: false } }, { a: { ne: null } }], ['gap /branches']],
    [[{ a: { lt: 1 } }, { not: { a: { lt: 1 } } }], []],
    [[{ a: 1 }, {}], []],
    [[{ any: [{ a: 1 }, { not: { b: 1 } }] }], []],
  ])('without a default: %j', (whens, warnings) => {
    expect(brief(whens, false)).toEqual(warnings);
  });

  it('says what it found and what to do', () => {
    expect(check([{ score: { min: 0, max: 0.3 } }, { score: { min: 0.5, max: 1 } }])).toEqual([
      {
        code: 'condition-gap',
        severity: 'warning',
        pointer: '/branches/1/when',
        message: 'No branch that asks about "score" matches when it is above 0.3 and below 0.5.',
        hint: expect.any(String) as string,
      },
    ]);
  });

  it.each<[whens: readonly unknown[], message: string]>([
    [
      [{ a: { max: 0.5 } }, { a: { min: 0.5 } }],
      'Branches "b0" and "b1" both match when "a" is 0.5; "b0" comes first and is taken.',
    ],
    [
      [{ a: { min: 0, max: 2 } }, { a: { min: 1, max: 3 } }],
      'Branches "b0" and "b1" both match when "a" is from 1 to 2; "b0" comes first and is taken.',
    ],
    [
      [
        { a: ['x', 'y'], b: { gt: 1 } },
        { a: ['y', 'z', 'x', 'w'], b: { gt: 2 } },
      ],
      'Branches "b0" and "b1" both match when "a" is "x" or "y" and "b" is above 2; "b0" comes first and is taken.',
    ],
    [
      [{ d: { max: '2026-01-31' } }, { d: { min: '2026-03-01' } }],
      'No branch that asks about "d" matches when it is from 2026-02-01 to 2026-02-28.',
    ],
    [
      [{ a: 'x' }, { a: 'y' }, { a: ['x', 'y'] }],
      'Branch "b2" is never taken: all that it matches is taken before it by "b0" and "b1".',
    ],
    [[{ a: { min: 2, max: 1 } }], 'Branch "b0" can never match: no value of "a" fulfils it.'],
    [[{ any: [] }], 'Branch "b0" can never match: its condition contradicts itself.'],
  ])('%j: %s', (whens, message) => {
    expect(messages(whens)).toEqual([message]);
  });

  it.each<[whens: readonly unknown[], message: string]>([
    [
      [{ a: 1 }, { b: 1 }],
      'There is no default, and no branch matches when there is no "a" or "b"; such a run fails with no-branch-matched.',
    ],
    [
      [{ a: { exists: false } }, { a: { lt: 1 } }],
      'There is no default, and no branch matches when "a" is 1; such a run fails with no-branch-matched.',
    ],
    [[], 'There is no default, and no branch matches at all; such a run fails with no-branch-matched.'],
  ])('without a default: %j: %s', (whens, message) => {
    expect(messages(whens, false)).toEqual([message]);
  });
});

const DATES = ['2026-01-01', '2026-01-02', '2026-01-01T12:00Z', '2026-01-04', '2026-01-04T00:00Z'];
const HOUR_MS = 3_600_000;

/** A value of every kind, and one on, beside and between all the bounds and constants that are drawn below. */
const PROBES: readonly unknown[] = [
  ...Array.from({ length: 33 }, (_, index) => index / 4 - 2),
  ...DATES,
  ...DATES.flatMap((text) =>
    [0, 12 * HOUR_MS, 24 * HOUR_MS].flatMap((later) =>
      [-1, 0, 1].map((beside) => new Date(Date.parse(text) + later + beside).toISOString()),
    ),
  ),
  ...' x y z xy yx other 1999-01-01 2099-01-01'.split(' '),
  null,
  true,
  false,
  [],
  ['x'],
  ['y', 'x'],
  [1],
  {},
  { a: 1 },
  { a: 2 },
];
const MISSING = Symbol('missing');

const matches = (when: When, values: Readonly<Record<string, unknown>>): boolean =>
  evaluate(when, {
    input: null,
    variables: Object.fromEntries(Object.entries(values).filter(([, value]) => value !== MISSING)),
    nodes: {},
  }).matched;

const number = fc.integer({ min: 0, max: 8 }).map((half) => half / 2);
const date = fc.constantFrom(...DATES);
const constant = fc.oneof(number, fc.constantFrom<unknown>('x', 'y', 'z', null, true, ['x'], { a: 1 }), date);
const rangeOf = <Bound>(limit: fc.Arbitrary<Bound>): fc.Arbitrary<unknown> =>
  fc.oneof(
    fc.tuple(limit, limit).map(([min, max]) => ({ min, max })),
    fc
      .tuple(fc.constantFrom('min', 'max', 'gt', 'gte', 'lt', 'lte'), limit)
      .map(([name, operand]) => ({ [name]: operand })),
    fc.tuple(limit, limit).map(([gt, lte]) => ({ gt, lte })),
  );
const selective: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 3, arbitrary: rangeOf(number) },
  rangeOf(date),
  fc.array(constant, { maxLength: 4 }),
  constant.filter((value) => typeof value !== 'object' || value === null),
  constant.map((eq) => ({ eq })),
);
const excluding: fc.Arbitrary<unknown> = fc.oneof(
  fc.array(constant, { maxLength: 3 }).map((notIn) => ({ notIn })),
  constant.map((ne) => ({ ne })),
  fc.boolean().map((exists) => ({ exists })),
);
const composing = (member: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> =>
  fc.oneof(
    { weight: 3, arbitrary: member },
    fc.array(member, { maxLength: 3 }).map((any) => ({ any })),
    fc.array(member, { maxLength: 3 }).map((all) => ({ all })),
    member.map((not) => ({ not })),
  );
const exact = composing(fc.oneof({ weight: 3, arbitrary: selective }, excluding));
const inside: fc.Arbitrary<unknown> = fc
  .tuple(fc.constantFrom('contains', 'startsWith', 'endsWith', 'gt', 'lte'), fc.constantFrom('x', 'y', 'xy'))
  .map(([name, operand]) => ({ [name]: operand }));

describe('coverage of one name, compared with trying every value', () => {
  const values = [...PROBES, MISSING];
  const trying = (whens: readonly When[]) => values.map((v) => whens.map((when) => matches(when, { v })));
  const whensOf = (expectation: fc.Arbitrary<unknown>) =>
    fc.array(
      expectation.map((v) => ({ v }) as When),
      { minLength: 1, maxLength: 5 },
    );
  const indexes = (warnings: readonly ConditionWarning[], code: ConditionWarning['code']): readonly number[] =>
    warnings.filter((warning) => warning.code === code).map(({ pointer }) => Number(pointer.split('/')[2]));

  it('calls exactly those branches unreachable that no value reaches', () => {
    fc.assert(
      fc.property(whensOf(exact), (whens) => {
        const taken = new Set(trying(whens).map((hits) => hits.indexOf(true)));
        const expected = [...whens.keys()].filter((index) => !taken.has(index));
        expect(indexes(check(whens), 'condition-unreachable')).toEqual(expected);
      }),
      { numRuns: 150 },
    );
  });

  it('never calls a branch unreachable that some value reaches, whatever it asks', () => {
    fc.assert(
      fc.property(whensOf(composing(fc.oneof(selective, excluding, inside))), (whens) => {
        const taken = new Set(trying(whens).map((hits) => hits.indexOf(true)));
        for (const index of indexes(check(whens), 'condition-unreachable')) expect(taken.has(index)).toBe(false);
      }),
      { numRuns: 150 },
    );
  });

  it('reports exactly the pairs of reachable branches that share a value', () => {
    fc.assert(
      fc.property(whensOf(selective), (whens) => {
        const tried = trying(whens);
        const taken = new Set(tried.map((hits) => hits.indexOf(true)));
        const pairs = [...whens.keys()].flatMap((later) =>
          [...Array(later).keys()].map((earlier) => [earlier, later] as const),
        );
        const expected = pairs
          .filter(
            ([earlier, later]) =>
              taken.has(earlier) && taken.has(later) && tried.some((hits) => hits[earlier] && hits[later]),
          )
          .map(([earlier, later]) => `Branches "b${earlier}" and "b${later}"`);
        const found = check(whens).filter(({ code }) => code === 'condition-overlap');
        expect(found.map(({ message }) => message.split(' both')[0])).toEqual(expected);
      }),
      { numRuns: 150 },
    );
  });

  it('reports exactly the gaps between the ranges of two branches', () => {
    const numbers = PROBES.filter((probe) => typeof probe === 'number');
    fc.assert(
      fc.property(whensOf(rangeOf(number)), (whens) => {
        const hits = numbers.map((v) => [...whens.keys()].filter((index) => matches(whens[index]!, { v })));
        const gaps: number[][] = [];
        let below: number[] | undefined;
        let isHole = false;
        for (const above of hits) {
          if (above.length === 0) isHole = true;
          else {
            if (below && isHole && !below.some((index) => above.includes(index))) gaps.push(above);
            [below, isHole] = [above, false];
          }
        }
        const found = indexes(check(whens), 'condition-gap');
        expect(found).toHaveLength(gaps.length);
        for (const [at, above] of gaps.entries()) expect(above).toContain(found[at]);
      }),
      { numRuns: 150 },
    );
  });

  it('asks for a default exactly when some value matches no branch', () => {
    fc.assert(
      fc.property(whensOf(exact), (whens) => {
        const isOpen = trying(whens).some((hits) => !hits.includes(true));
        expect(check(whens, false).some(({ pointer }) => pointer === '/branches')).toBe(isOpen);
      }),
      { numRuns: 150 },
    );
  });
});

describe('coverage of several names', () => {
  const probes = [-1, 0, 0.25, 0.5, 0.75, 1, 2, 'x', 'y', 'other', null, ['x'], MISSING];
  const contexts = probes.flatMap((a) => probes.flatMap((b) => [MISSING, 1, 'other'].map((c) => ({ a, b, c }))));
  const expectation = fc.oneof(
    fc.constantFrom<unknown>(
      'x',
      'y',
      1,
      null,
      ['x', 'y'],
      { min: 0, max: 1 },
      { gt: 0.5 },
      { lt: 1 },
      { exists: true },
    ),
    fc.constantFrom<unknown>(
      { ne: 'x' },
      { not: 1 },
      { contains: 'x' },
      { exists: false },
      { notIn: [1] },
      { all: [] },
    ),
  );
  const flat = fc.record(
    { a: expectation, b: expectation, c: fc.constantFrom<unknown>(1, { exists: true }, { exists: false }) },
    { requiredKeys: [] },
  );
  const when = fc.oneof(
    { weight: 3, arbitrary: flat },
    fc
      .tuple(fc.constantFrom('all', 'any'), fc.array(flat, { maxLength: 3 }))
      .map(([name, members]) => ({ [name]: members })),
    flat.map((not) => ({ not })),
    fc.tuple(flat, fc.array(flat, { maxLength: 2 })).map(([members, all]) => ({ ...members, all })),
  );
  const whens = fc.array(
    when.map((members) => members as unknown as When),
    { minLength: 1, maxLength: 6 },
  );

  it('never calls a branch unreachable that some scope reaches', () => {
    let found = 0;
    fc.assert(
      fc.property(whens, (given) => {
        const never = check(given).filter(({ code }) => code === 'condition-unreachable');
        if (never.length === 0) return;
        found += never.length;
        const taken = new Set(contexts.map((values) => given.findIndex((one) => matches(one, values))));
        for (const { pointer } of never) expect(taken.has(Number(pointer.split('/')[2]))).toBe(false);
      }),
      { numRuns: 150 },
    );
    expect(found).toBeGreaterThan(20);
  });

  it('reports an overlap or a missing default only where there is one', () => {
    fc.assert(
      fc.property(whens, (given) => {
        for (const { code, pointer, message } of check(given, false)) {
          if (code === 'condition-overlap') {
            const [earlier, later] = [...message.matchAll(/"b(\d)"/g)].map(([, index]) => given[Number(index)]);
            expect(contexts.some((values) => matches(earlier!, values) && matches(later!, values))).toBe(true);
          }
          if (pointer === '/branches')
            expect(contexts.some((values) => !given.some((one) => matches(one, values)))).toBe(true);
        }
      }),
      { numRuns: 150 },
    );
  });
});

describe('the cost of coverage', () => {
  const range = (at: number) => ({ min: at, max: at + 1 });

  it.each<[name: string, whens: readonly unknown[]]>([
    ['many branches', Array.from({ length: 2_000 }, (_, at) => ({ a: range(at) }))],
    [
      'long lists',
      Array.from({ length: 60 }, (_, at) => ({ a: Array.from({ length: 1_000 }, (__, member) => `${at}-${member}`) })),
    ],
    [
      'lists of objects',
      Array.from({ length: 20 }, () => ({ a: Array.from({ length: 1_000 }, (_, member) => ({ member })) })),
    ],
    ['many dates', Array.from({ length: 200 }, (_, at) => ({ a: { min: new Date(at * 1e9).toISOString() } }))],
    [
      'many names',
      Array.from({ length: 60 }, () =>
        Object.fromEntries(Array.from({ length: 200 }, (_, at) => [`n${at}`, range(at)])),
      ),
    ],
    [
      'many compositions',
      Array.from({ length: 100 }, () => ({ any: Array.from({ length: 120 }, (_, at) => ({ a: range(at) })) })),
    ],
    [
      'deep constants',
      [{ a: { eq: JSON.parse(`${'['.repeat(20_000)}${']'.repeat(20_000)}`) as unknown } }, { a: { eq: [] } }],
    ],
  ])('stays bounded with %s', (_, whens) => {
    const started = process.cpuUsage();
    const warnings = check(whens, false);
    expect(process.cpuUsage(started).user).toBeLessThan(20_000_000);
    expect(warnings.length).toBeLessThanOrEqual(100);
  });
});
