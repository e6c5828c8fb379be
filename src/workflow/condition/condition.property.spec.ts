import fc from 'fast-check';
import { decide, type Branch } from './branches.js';
import { evaluate } from './condition.js';
import type { ReferenceScope } from '../definition/lookup.js';
import { readWhen, type When } from './when.js';

type Members = Readonly<Record<string, unknown>>;
type Lookup = readonly [] | readonly [value: unknown];

/** A second reading of the contract, as plain as can be and sharing no code with the first. */
const model = {
  when: (given: unknown, at: unknown): boolean =>
    Object.entries(given as Members).every(([key, member]) => {
      if (key === 'all') return (member as Members[]).every((inner) => model.when(inner, at));
      if (key === 'any') return (member as Members[]).some((inner) => model.when(inner, at));
      if (key === 'not') return !model.when(member, at);
      return model.expectation(member, model.lookup(key, at as Members));
    }),

  lookup(path: string, at: Members): Lookup {
    const walk = (start: unknown, [name, ...more]: readonly string[]): Lookup => {
      if (name === undefined) return [start];
      const isThere = start instanceof Object && Object.getOwnPropertyNames(start).includes(name);
      return isThere ? walk((start as Members)[name], more) : [];
    };
    const names = path.split('.');
    if (/^(input|variables|nodes|item|index|conversation|user)(\.|$)/.test(path)) return walk(at, names);
    const inVariables = walk(at['variables'], names);
    return inVariables.length > 0 ? inVariables : walk(at['input'], names);
  },

  expectation(expected: unknown, found: Lookup): boolean {
    const isFound = found.length > 0;
    if (Array.isArray(expected)) return isFound && expected.some((one) => model.same(one, found[0]));
    if (expected === null || typeof expected !== 'object') return isFound && model.same(expected, found[0]);
    return Object.entries(expected).every(([name, operand]) => model.operator(name, operand, found));
  },

  operator(name: string, operand: unknown, found: Lookup): boolean {
    const list = Array.isArray(operand) ? (operand as readonly unknown[]) : [];
    if (name === 'all') return list.every((inner) => model.expectation(inner, found));
    if (name === 'any') return list.some((inner) => model.expectation(inner, found));
    if (name === 'not') return !model.expectation(operand, found);
    if (name === 'exists') return operand === found.length > 0;
    if (found.length === 0) return false;
    const [given] = found;
    const order = model.order(given, operand);
    if (name === 'min' || name === 'gte') return order === '=' || order === '>';
    if (name === 'max' || name === 'lte') return order === '=' || order === '<';
    if (name === 'gt') return order === '>';
    if (name === 'lt') return order === '<';
    if (name === 'eq') return model.same(given, operand);
    if (name === 'ne')
      return (operand === null || model.type(given) === model.type(operand)) && !model.same(given, operand);
    if (name === 'in') return list.some((one) => model.same(one, given));
    if (name === 'notIn') return list.every((one) => !model.same(one, given));
    if (typeof given === 'string') return typeof operand === 'string' && model.part(name, given, operand);
    if (!Array.isArray(given)) return false;
    if (name === 'contains') return given.filter((member) => model.same(member, operand)).length > 0;
    return (name === 'startsWith' ? given.slice(0, 1) : given.slice(-1)).includes(operand);
  },

  part(name: string, text: string, part: string): boolean {
    if (name === 'contains') return part === '' || text.split(part).length > 1;
    const start = name === 'startsWith' ? 0 : text.length - part.length;
    return start >= 0 && text.slice(start, start + part.length) === part;
  },

  order(given: unknown, bound: unknown): '<' | '=' | '>' | undefined {
    if (typeof given === 'number' && typeof bound === 'number') return given < bound ? '<' : given > bound ? '>' : '=';
    if (typeof given !== 'string' || typeof bound !== 'string') return undefined;
    if (!model.isDate(bound)) return given < bound ? '<' : given > bound ? '>' : '=';
    if (!model.isDate(given)) return undefined;
    const distanceMs = model.time(given) - model.time(bound);
    return distanceMs < 0 ? '<' : distanceMs < (bound.includes('T') ? 1 : 86_400_000) ? '=' : '>';
  },

  isDate: (text: string): boolean =>
    /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d)?(Z|[+-]\d\d:\d\d)?)?$/.test(text) && !Number.isNaN(model.time(text)),

  time: (text: string): number => Date.parse(/(Z|T.*[+-]\d\d:\d\d|^.{10})$/.test(text) ? text : `${text}Z`),

  type: (given: unknown): string => (given === null ? 'null' : Array.isArray(given) ? 'list' : typeof given),

  same(left: unknown, right: unknown): boolean {
    if (model.type(left) !== model.type(right)) return false;
    if (left === null || typeof left !== 'object') return left === right;
    const [a, b] = [left as Members, right as Members];
    const keys = Object.keys(a).sort();
    return keys.join('\n') === Object.keys(b).sort().join('\n') && keys.every((key) => model.same(a[key], b[key]));
  },
};

const { imul } = Math;

/** A small repeatable generator: a hundred thousand cases in a moment, which letrec of fast-check does not give. */
class Dice {
  constructor(private state: number) {}

  below(limit: number): number {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let mixed = imul(this.state ^ (this.state >>> 15), 1 | this.state);
    mixed = (mixed + imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
  }

  one<Value>(values: readonly Value[]): Value {
    return values[this.below(values.length)] as Value;
  }

  some<Value>(most: number, make: () => Value): Value[] {
    return Array.from({ length: this.below(most + 1) }, make);
  }
}

const NAMES = ['a', 'b', 'c', 'length', '0', 'output'];
const PATHS = [
  'a',
  'b',
  'c',
  'a.b',
  'a.0',
  'b.length',
  'input.a',
  'variables.b',
  'variables',
  'nodes.a.output',
  'nodes.b.output.c',
  'item',
  'item.a',
  'index',
  'user.id',
  'conversation.id',
  'toString',
];
const NUMBERS = [-1, 0, 0.5, 1, 1.5, 2, 3];
const DATES = [
  '2026-01-31',
  '2026-02-01',
  '2026-01-31T12:00',
  '2026-01-31T12:00Z',
  '2026-02-01T01:00:00+01:00',
  '2026-01-31T23:59:59Z',
];
const TEXTS = ['', 'a', 'ab', 'abab', 'b', 'B', '1', '2026', '2026-13-01', 'é', ...DATES];

function anyValue(dice: Dice, depth: number): unknown {
  switch (dice.below(depth > 0 ? 8 : 6)) {
    case 0:
      return null;
    case 1:
      return dice.below(2) === 0;
    case 2:
    case 3:
      return dice.one(NUMBERS);
    case 6:
      return dice.some(3, () => anyValue(dice, depth - 1));
    case 7:
      return Object.fromEntries(dice.some(3, () => [dice.one(NAMES), anyValue(dice, depth - 1)] as const));
    default:
      return dice.one(TEXTS);
  }
}

const members = (dice: Dice): Record<string, unknown> =>
  Object.fromEntries(dice.some(4, () => [dice.one(NAMES), anyValue(dice, 2)] as const));

const scope = (dice: Dice): ReferenceScope => ({
  input: dice.below(5) === 0 ? anyValue(dice, 2) : members(dice),
  variables: members(dice),
  nodes: Object.fromEntries(dice.some(2, () => [dice.one(['a', 'b']), { output: anyValue(dice, 2) }] as const)),
  ...(dice.below(2) === 0 && { item: anyValue(dice, 1), index: dice.below(3) }),
  ...(dice.below(2) === 0 && { user: { id: dice.one(TEXTS) }, conversation: { id: 'ab' } }),
});

const bound = (dice: Dice): unknown => dice.one<unknown>([...NUMBERS, ...TEXTS]);

function operators(dice: Dice, depth: number): Record<string, unknown> {
  const [low, high] =
    dice.below(2) === 0
      ? [dice.one<unknown>(NUMBERS), dice.one<unknown>(NUMBERS)]
      : [dice.one<unknown>(DATES), dice.one<unknown>(DATES)];
  const choices: readonly (() => Record<string, unknown>)[] = [
    () => ({ min: low, max: high }),
    () => ({ min: low }),
    () => ({ max: high }),
    () => ({ in: dice.some(4, () => anyValue(dice, 1)) }),
    () => ({ notIn: dice.some(4, () => anyValue(dice, 1)) }),
    () => ({ [dice.one(['eq', 'ne'])]: anyValue(dice, 2) }),
    () => ({ [dice.one(['gt', 'gte', 'lt', 'lte'])]: bound(dice) }),
    () => ({ contains: anyValue(dice, 1) }),
    () => ({ [dice.one(['startsWith', 'endsWith'])]: dice.one(TEXTS) }),
    () => ({ exists: dice.below(2) === 0 }),
    () => ({ [dice.one(['all', 'any'])]: dice.some(3, () => expectation(dice, depth - 1)) }),
    () => ({ not: expectation(dice, depth - 1) }),
  ];
  const make = () => choices[dice.below(depth > 0 ? choices.length : choices.length - 2)]?.() ?? {};
  return dice.below(6) === 0 ? { ...make(), ...make() } : make();
}

function expectation(dice: Dice, depth: number): unknown {
  const kind = dice.below(6);
  if (kind === 0) return dice.one<unknown>([null, true, ...NUMBERS, ...TEXTS]);
  return kind === 1 ? dice.some(4, () => anyValue(dice, 1)) : operators(dice, depth);
}

function when(dice: Dice, depth: number): Record<string, unknown> {
  const entry = (): readonly [string, unknown] => {
    const kind = dice.below(depth > 0 ? 8 : 5);
    if (kind === 7) return ['not', when(dice, depth - 1)];
    return kind > 4
      ? [dice.one(['all', 'any']), dice.some(3, () => when(dice, depth - 1))]
      : [dice.one(PATHS), expectation(dice, 2)];
  };
  return Object.fromEntries([entry(), ...dice.some(1, entry)]);
}

describe('evaluate', () => {
  it('agrees with a naive reading of the contract on 100,000 random cases', () => {
    const dice = new Dice(20_260_131);
    let matching = 0;
    for (let round = 0; round < 100_000; round += 1) {
      const given = when(dice, dice.below(3)) as When;
      const at = scope(dice);
      const { matched } = evaluate(given, at);
      if (matched !== model.when(given, at)) throw new Error(`${JSON.stringify({ given, at })}: ${matched}`);
      matching += Number(matched);
    }
    expect(matching).toBeGreaterThan(10_000);
    expect(matching).toBeLessThan(80_000);
  });

  it('gives a reason for all it says', () => {
    const dice = new Dice(7);
    for (let round = 0; round < 5_000; round += 1) {
      const given = when(dice, 2) as When;
      const { matched, reasons } = evaluate(given, scope(dice));
      const nothingAsked = Object.values(given).every((member) => typeof member === 'object');
      if (!matched && reasons.every((reason) => reason.matched))
        throw new Error(`${JSON.stringify(given)} failed without a reason`);
      expect(reasons.length > 0 || nothingAsked).toBe(true);
      for (const reason of reasons) {
        expect(reason.why.length).toBeGreaterThan(0);
        expect(reason.wouldMatch === undefined).toBe(reason.matched);
        expect(JSON.stringify(reason).length).toBeLessThan(2_000);
      }
    }
  });

  it('answers any JSON whatever', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 6 }), fc.jsonValue({ maxDepth: 4 }), (given, at) => {
        const { matched, reasons } = evaluate(given as unknown as When, at as unknown as ReferenceScope);
        expect(typeof matched).toBe('boolean');
        expect(reasons.every(({ pointer }) => typeof pointer === 'string')).toBe(true);
        expect(matched && 'faults' in readWhen(given)).toBe(false);
      }),
      { numRuns: 3_000 },
    );
  });

  it('answers JSON made of its own words, in any order', () => {
    const word = fc.constantFrom(
      'all',
      'any',
      'not',
      'min',
      'max',
      'in',
      'eq',
      'ne',
      'gt',
      'contains',
      'exists',
      'a',
      '__proto__',
      'constructor',
      '',
    );
    const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
      tree: fc.oneof(
        { maxDepth: 8, withCrossShrink: true },
        fc.constantFrom<unknown>(null, 0, 1, 'a', '2026-01-01', true),
        fc.array(tie('tree'), { maxLength: 3 }),
        fc.array(fc.tuple(word, tie('tree')), { maxLength: 3 }).map((entries) => {
          const made = {};
          for (const [key, member] of entries)
            Object.defineProperty(made, key, { value: member, enumerable: true, configurable: true });
          return made;
        }),
      ),
    }));
    fc.assert(
      fc.property(tree, tree, (given, at) => {
        const { branch } = decide([{ id: 'x', when: given } as Branch], {
          input: at,
          variables: at,
          nodes: at,
        } as ReferenceScope);
        expect(['x', null]).toContain(branch);
      }),
      { numRuns: 3_000 },
    );
  });

  it('answers JSON of any depth', () => {
    const deep = (open: string, close: string): unknown => JSON.parse(`${open.repeat(50_000)}1${close.repeat(50_000)}`);
    const [list, tree] = [deep('[', ']'), deep('{"a":', '}')];
    for (const given of [
      list,
      tree,
      { a: list },
      { a: { eq: tree } },
      { a: { in: [tree, list] } },
      deep('{"not":', '}'),
      deep('{"all":[', ']}'),
    ]) {
      for (const input of [list, tree, { a: list }, { a: tree }]) {
        expect(typeof evaluate(given as When, { input, variables: {}, nodes: {} }).matched).toBe('boolean');
      }
    }
    expect(evaluate({ a: { eq: list } }, { input: { a: deep('[', ']') }, variables: {}, nodes: {} }).matched).toBe(
      true,
    );
  });

  it('is the same for the same arguments and changes neither', () => {
    const dice = new Dice(99);
    for (let round = 0; round < 2_000; round += 1) {
      const [given, at] = [when(dice, 2) as When, scope(dice)];
      const before = JSON.stringify([given, at]);
      expect(evaluate(given, at)).toEqual(evaluate(given, at));
      expect(JSON.stringify([given, at])).toBe(before);
    }
  });
});

describe('the work of evaluate', () => {
  it.each<[name: string, work: (size: number) => number]>([
    ['the number of conditions', (size) => reads({ any: repeated(size, { a: { min: 1 } }) }, { a: 0 })],
    [
      'the number of names',
      (size) => reads(Object.fromEntries(repeated(size, 0).map((_, at) => [`a${at}`, ['x', 'y']])), {}),
    ],
    [
      'the length of a list of objects to be in',
      (size) => reads({ a: { in: repeated(size * 4, { x: 1, y: 1 }) } }, { a: { x: 1, y: 2 } }),
    ],
    [
      'the length of a list to be contained in',
      (size) => reads({ a: { contains: { x: 1, y: 1 } } }, { a: repeated(size * 10, { x: 1, y: 2 }) }),
    ],
    [
      'the size of an object to be equal',
      (size) => reads({ a: { eq: { b: repeated(size * 10, 1) } } }, { a: { b: repeated(size * 10, 1) } }),
    ],
    [
      'the size of an object compared often',
      (size) => reads({ a: { in: repeated(200, {}) } }, { a: Object.fromEntries(repeated(size * 10, 0).entries()) }),
    ],
    [
      'the size of an object looked for often',
      (size) =>
        reads({ a: { contains: Object.fromEntries(repeated(size * 10, 0).entries()) } }, { a: repeated(200, {}) }),
    ],
    [
      'a list and the object looked for in it, together',
      (size) => {
        const wide = Object.fromEntries(repeated(size * 10, 0).entries());
        return (
          reads({ a: { contains: wide } }, { a: repeated(size, {}) }) +
          reads({ a: { in: repeated(size, {}) } }, { a: wide })
        );
      },
    ],
  ])('grows no faster than %s', (_, work) => {
    const [once, twice, fourfold] = [work(60), work(120), work(240)] as const;
    expect(once).toBeGreaterThan(0);
    expect(twice / once).toBeLessThan(2.2);
    expect(fourfold / twice).toBeLessThan(2.2);
  });

  it('does not multiply the size of a value by the number of names looked up beside it', () => {
    const big = { a: 0, big: repeated(10_000, 'x') };
    expect(reads({ any: repeated(200, { a: 1 }) }, big)).toBe(
      reads({ any: repeated(200, { a: 1 }) }, { a: 0, big: [] }),
    );
  });
});

/** How often a property of either argument is looked at. */
function reads(given: object, input: object): number {
  let count = 0;
  const wrapped = new Map<object, object>();
  const watch = (target: unknown): unknown => {
    if (typeof target !== 'object' || target === null) return target;
    const known = wrapped.get(target);
    if (known) return known;
    const proxy = new Proxy(target, {
      get: (of, key, receiver) => {
        count += 1;
        return watch(Reflect.get(of, key, receiver));
      },
      getOwnPropertyDescriptor: (of, key) => {
        count += 1;
        return Reflect.getOwnPropertyDescriptor(of, key);
      },
      ownKeys: (of) => {
        const keys = Reflect.ownKeys(of);
        count += keys.length;
        return keys;
      },
      has: (of, key) => {
        count += 1;
        return Reflect.has(of, key);
      },
    });
    wrapped.set(target, proxy);
    return proxy;
  };
  const copy: object = structuredClone(input);
  evaluate(watch(structuredClone(given)) as When, { input: watch(copy), variables: {}, nodes: {} });
  return count;
}

const repeated = <Value>(length: number, member: Value): readonly Value[] =>
  Array.from({ length }, () => structuredClone(member));
