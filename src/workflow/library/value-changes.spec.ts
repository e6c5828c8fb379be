import fc from 'fast-check';
import { canonicalJson } from '../../platform/schema/canonical-json.js';
import { MAX_CHANGES, MAX_POINTER, valueChanges, type ValueChange } from './value-changes.js';

type Members = Record<string, unknown>;

/** `value` with the changes made in it, as RFC 6902 would with `remove`, `add` and `replace`. */
function changed(value: unknown, changes: readonly ValueChange[]): unknown {
  return changes.reduce((result: unknown, change) => {
    const names = change.pointer.split('/').slice(1);
    return put(
      result,
      names.map((name) => name.replaceAll('~1', '/').replaceAll('~0', '~')),
      change,
    );
  }, value);
}

function put(value: unknown, [name, ...rest]: readonly string[], change: ValueChange): unknown {
  if (name === undefined) return change.after;
  const copy = (Array.isArray(value) ? [...(value as unknown[])] : { ...(value as Members) }) as Members;
  if (rest.length === 0 && !Object.hasOwn(change, 'after')) delete copy[name];
  else Object.defineProperty(copy, name, { ...WRITABLE, value: put(copy[name], rest, change) });
  return copy;
}

const WRITABLE = { configurable: true, enumerable: true, writable: true };

/** Also names of every object's own methods, and such that pointers escape. */
const name = fc.oneof(fc.string(), fc.constantFrom('a', 'b', 'a/b', '~', '', 'toString', '__proto__', 'constructor'));
const { json } = fc.letrec((tie) => ({
  json: fc.oneof(
    { depthSize: 'medium', withCrossShrink: true },
    fc.constantFrom<unknown>(null, true, false, 0, 1, '', 'a'),
    fc.array(tie('json'), { maxLength: 3 }),
    fc.dictionary(name, tie('json'), { maxKeys: 4 }).map((value) => JSON.parse(JSON.stringify(value)) as unknown),
  ),
}));

describe('the changes between two values', () => {
  it('are what makes the one of the other', () => {
    fc.assert(
      fc.property(json, json, (before, after) => {
        expect(canonicalJson(changed(before, valueChanges(before, after)))).toBe(canonicalJson(after));
      }),
    );
  });

  it('are none of a value and itself, whatever the order of its members', () => {
    fc.assert(
      fc.property(json, (value) => {
        expect(valueChanges(value, JSON.parse(canonicalJson(value)))).toEqual([]);
      }),
    );
  });

  it('are the same places seen from the other side', () => {
    fc.assert(
      fc.property(json, json, (before, after) => {
        const there = valueChanges(before, after).map(({ pointer }) => pointer);
        const back = valueChanges(after, before).map(({ pointer }) => pointer);
        expect(back.toSorted()).toEqual(there.toSorted());
        expect(new Set(there).size).toBe(there.length);
      }),
    );
  });

  it('go as deep as they can, and tell what came, went and became another', () => {
    const before = { prompt: 'Hi', deep: { gone: 1, list: [1, { x: 2 }] }, tools: ['a'] };
    const after = { prompt: 'Hello', deep: { list: [1, { x: 3 }], 'a/b': null }, tools: ['a', 'b'] };
    expect(valueChanges(before, after, '/config')).toEqual([
      { pointer: '/config/prompt', before: 'Hi', after: 'Hello' },
      { pointer: '/config/deep/gone', before: 1 },
      { pointer: '/config/deep/list/1/x', before: 2, after: 3 },
      { pointer: '/config/deep/a~1b', after: null },
      { pointer: '/config/tools', before: ['a'], after: ['a', 'b'] },
    ]);
  });

  it('are one when there are very many', () => {
    const list = (length: number, value: number) => Array.from({ length }, () => value);
    expect(valueChanges({ list: list(MAX_CHANGES, 1) }, { list: list(MAX_CHANGES, 2) })).toHaveLength(MAX_CHANGES);
    const [before, after] = [list(MAX_CHANGES + 1, 1), list(MAX_CHANGES + 1, 2)];
    expect(valueChanges({ list: before }, { list: after })).toEqual([{ pointer: '/list', before, after }]);
  });

  it('do not repeat a long name for everything below it', () => {
    const long = 'x'.repeat(MAX_POINTER);
    const [before, after] = [
      { a: 1, b: 1, c: 1 },
      { a: 2, b: 2, c: 1 },
    ];
    expect(valueChanges({ [long]: before }, { [long]: after })).toEqual([{ pointer: `/${long}`, before, after }]);
    expect(valueChanges({ [long]: before }, { [long]: { c: 1, b: 1, a: 1 } })).toEqual([]);
  });
});
