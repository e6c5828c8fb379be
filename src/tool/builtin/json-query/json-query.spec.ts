import fc from 'fast-check';
import { growth } from '../../../../test/support/growth.js';
import { Problem } from '../../../platform/problem/problem.js';
import { answer, JsonQuery } from './json-query.js';

const ask = (data: unknown, query: unknown) => answer(data, JsonQuery.parse(query));

const SALES = {
  currency: 'EUR',
  orders: [
    { id: 1, region: 'north', total: 0.1, tags: ['new'], customer: { name: 'Ann' }, lines: [{ sku: 'a', n: 2 }] },
    {
      id: 2,
      region: 'south',
      total: 0.2,
      tags: [],
      customer: { name: 'Bob' },
      lines: [
        { sku: 'b', n: 1 },
        { sku: 'a', n: 5 },
      ],
    },
    { id: 3, region: 'north', total: 10, tags: ['new', 'big'], customer: { name: 'Cleo' }, lines: [] },
    { id: 4, region: 'west', total: null },
  ],
};

describe('a query over JSON', () => {
  it.each<[string, object, unknown]>([
    ['sums exactly', { aggregate: [{ fn: 'sum', field: 'total' }] }, { sum_total: 10.3 }],
    ['counts rows', { aggregate: [{ fn: 'count' }] }, { count: 4 }],
    ['counts values that are there', { aggregate: [{ fn: 'count', field: 'total', as: 'n' }] }, { n: 3 }],
    [
      'knows average, least, most, median and the different values',
      {
        aggregate: [
          { fn: 'avg', field: 'id' },
          { fn: 'min', field: 'total' },
          { fn: 'max', field: 'customer.name' },
          { fn: 'median', field: 'total' },
          { fn: 'median', field: 'id', as: 'middle' },
          { fn: 'distinct', field: 'region' },
        ],
      },
      {
        avg_id: 2.5,
        min_total: 0.1,
        'max_customer.name': 'Cleo',
        median_total: 0.2,
        middle: 2.5,
        distinct_region: ['north', 'south', 'west'],
      },
    ],
    [
      'groups and sorts by a figure',
      {
        groupBy: ['region'],
        aggregate: [{ fn: 'sum', field: 'total', as: 'sum' }],
        sort: [{ field: 'sum', direction: 'desc' }],
        where: [{ field: 'total', op: 'gt', value: 0 }],
      },
      [
        { region: 'north', sum: 10.1 },
        { region: 'south', sum: 0.2 },
      ],
    ],
    ['counts groups without a figure', { groupBy: ['region'], limit: 1 }, [{ region: 'north', count: 2 }]],
    [
      'selects fields',
      { select: ['id', 'customer.name'], where: [{ field: 'id', op: 'gte', value: 3 }] },
      [
        { id: 3, 'customer.name': 'Cleo' },
        { id: 4, 'customer.name': null },
      ],
    ],
    [
      'finds nothing that is not there',
      {
        aggregate: [
          { fn: 'sum', field: 'none' },
          { fn: 'avg', field: 'none' },
          { fn: 'distinct', field: 'none' },
          { fn: 'max', field: 'none' },
        ],
      },
      { sum_none: null, avg_none: null, distinct_none: [], max_none: null },
    ],
  ])('%s', (_, query, result) => {
    expect(ask(SALES, { path: 'orders[*]', ...query }).result).toEqual(result);
  });

  it.each<[object, readonly number[]]>([
    [{ field: 'region', value: 'north' }, [1, 3]],
    [{ field: 'region', op: 'ne', value: 'north' }, [2, 4]],
    [{ field: 'id', op: 'lt', value: 2 }, [1]],
    [{ field: 'id', op: 'lte', value: 2 }, [1, 2]],
    [{ field: 'id', op: 'gt', value: '2' }, []],
    [{ field: 'region', op: 'in', value: ['south', 'west'] }, [2, 4]],
    [{ field: 'tags', op: 'contains', value: 'big' }, [3]],
    [{ field: 'region', op: 'contains', value: 'ORT' }, [1, 3]],
    [{ field: 'tags', value: [] }, [2]],
    [{ field: 'tags', op: 'exists', value: false }, [4]],
    [{ field: 'total', op: 'exists' }, [1, 2, 3, 4]],
    [{ field: 'total', value: null }, [4]],
    [{ field: 'lines[0].n', op: 'gte', value: 1 }, [1, 2]],
  ])('lets through by %j', (condition, ids) => {
    expect(ask(SALES, { path: 'orders', where: [condition], aggregate: [{ fn: 'distinct', field: 'id' }] })).toEqual({
      result: { distinct_id: ids },
      matched: ids.length,
      total: 1,
    });
  });

  it.each<[string, unknown]>([
    ['', [SALES]],
    ['currency', ['EUR']],
    ['orders[1].lines[*].sku', ['b', 'a']],
    ['orders[*].lines[*].n', [2, 1, 5]],
    ['orders[0]["customer"]["name"]', ['Ann']],
    ['["orders"][3].id', [4]],
    ['orders[9]', []],
    ['orders.length', []],
    ['constructor', []],
    ['__proto__.toString', []],
    ['orders[*].customer.hasOwnProperty', []],
    ['currency[0]', []],
  ])('follows the path %j', (path, rows) => {
    expect(ask(SALES, { path }).result).toEqual(rows);
  });

  it.each(['.', 'a..b', 'a.', 'a[', 'a[x]', 'a]', 'a["b]', 'a[-1]', 'a b"', '[*]b', 'a'.padEnd(400, '.a')])(
    'cannot read the path %j',
    (path) => {
      expect(() => ask({}, { path })).toThrow(/The path/);
    },
  );

  it.each<[unknown, object, RegExp]>([
    [[1, 'x'], { aggregate: [{ fn: 'sum' }] }, /"x" at "" is no number/],
    [[1, 'x'], { aggregate: [{ fn: 'max' }] }, /"x" at "" cannot be compared with 1/],
    [[{}, {}], { aggregate: [{ fn: 'min' }] }, /cannot be compared/],
    [[Infinity], { aggregate: [{ fn: 'avg' }] }, /is no number/],
    [Array.from({ length: 1_001 }, (_, at) => at), { aggregate: [{ fn: 'distinct' }] }, /more than 1000 different/],
    [Array.from({ length: 10_001 }, (_, at) => ({ at })), { groupBy: ['at'] }, /more than 10000 groups/],
    [Array.from({ length: 50_001 }, () => 1), {}, /more than 50000 rows/],
    [['a'], { where: [{ field: '', op: 'contains', value: 'a'.repeat(501) }] }, /may have 500 characters/],
  ])('says what is wrong with %.20j and %j', (data, query, message) => {
    expect(() => ask(data, query)).toThrow(message);
  });

  it('sets no prototype, whatever the names', () => {
    const data = JSON.parse('[{"__proto__":{"evil":1},"n":1}]');
    const { result } = ask(data, { groupBy: ['__proto__'], aggregate: [{ fn: 'sum', field: 'n', as: 'constructor' }] });
    const [group] = result as readonly object[];
    expect(Object.getPrototypeOf(group)).toBe(Object.prototype);
    expect(JSON.stringify(group)).toBe('{"__proto__":{"evil":1},"constructor":1}');
    expect(({} as { evil?: number }).evil).toBeUndefined();
  });

  it('sums and groups as a plain loop does', () => {
    const row = fc.record({ k: fc.constantFrom('a', 'b', 'c'), cents: fc.integer({ min: -99_999, max: 99_999 }) });
    fc.assert(
      fc.property(fc.array(row, { maxLength: 50 }), (rows) => {
        const data = rows.map(({ k, cents }) => ({ k, v: cents / 100 }));
        const expected = new Map<string, number>();
        for (const { k, cents } of rows) expected.set(k, (expected.get(k) ?? 0) + cents);
        const { result } = ask(data, { groupBy: ['k'], aggregate: [{ fn: 'sum', field: 'v', as: 'v' }] });
        expect(result).toEqual([...expected].map(([k, cents]) => ({ k, v: cents / 100 })));
      }),
    );
  });

  it('is an answer or a problem, whatever the data', () => {
    const name = fc.constantFrom('', 'a', 'a.b', '[*]', 'a[*]', '__proto__', 'a[0]');
    const query = fc.record({
      path: name,
      where: fc.array(
        fc.record({
          field: name,
          op: fc.constantFrom('eq', 'ne', 'gt', 'in', 'contains', 'exists'),
          value: fc.jsonValue(),
        }),
        { maxLength: 2 },
      ),
      groupBy: fc.array(
        name.filter((one) => one !== ''),
        { maxLength: 2 },
      ),
      aggregate: fc.array(
        fc.record({ fn: fc.constantFrom('count', 'sum', 'avg', 'min', 'max', 'median', 'distinct'), field: name }),
        { maxLength: 2 },
      ),
      sort: fc.array(fc.record({ field: name }), { maxLength: 2 }),
    });
    fc.assert(
      fc.property(fc.jsonValue(), query, (data, asked) => {
        try {
          expect(ask(data, asked).matched).toBeGreaterThanOrEqual(0);
        } catch (error) {
          expect(error).toBeInstanceOf(Problem);
        }
      }),
      { numRuns: 1_000 },
    );
  });

  it('takes time in line with the number of groups', () => {
    const asking = (rows: number) => {
      const data = Array.from({ length: rows }, (_, at) => ({ k: at, v: at / 7 }));
      return () => ask(data, { groupBy: ['k'], aggregate: [{ fn: 'sum', field: 'v' }], sort: [{ field: 'sum_v' }] });
    };
    const parts = Array.from({ length: 20 }, () => asking(500));
    expect(growth(parts, asking(10_000))).toBeLessThan(3);
  });
});
