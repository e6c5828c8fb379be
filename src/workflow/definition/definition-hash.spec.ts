import fc from 'fast-check';
import { GraphDefinition, type Definition } from './definition.js';
import { canonicalJson } from '../../platform/schema/canonical-json.js';
import { definitionHash } from './definition-hash.js';

const jsonObject = fc.dictionary(fc.string(), fc.jsonValue(), { noNullPrototype: true });

/** The same value with the members of every object in another order. */
function reordered(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reordered);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .map(([key, member]) => [key, reordered(member)] as const)
      .reverse(),
  );
}

/** As it is after a way over the wire: no undefined, no negative zero. */
const sent = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

describe('canonical JSON', () => {
  it('is JSON of the same value', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(JSON.parse(canonicalJson(sent(value)))).toEqual(sent(value));
      }),
    );
  });

  it('does not depend on the order of keys', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(canonicalJson(reordered(value))).toBe(canonicalJson(value));
      }),
    );
  });

  it('differs for different values', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (one, other) => {
        const isSame = canonicalJson(sent(one)) === canonicalJson(sent(other));
        const equals = (() => {
          try {
            expect(sent(one)).toEqual(sent(other));
            return true;
          } catch {
            return false;
          }
        })();
        expect(isSame).toBe(equals);
      }),
    );
  });

  it('leaves out members that are undefined, as JSON does', () => {
    expect(canonicalJson({ b: undefined, a: [undefined, 1] })).toBe('{"a":[null,1]}');
  });

  it('keeps the order of lists', () => {
    expect(canonicalJson([1, 2])).not.toBe(canonicalJson([2, 1]));
  });
});

describe('the hash of a definition', () => {
  const definition = (config: Record<string, unknown>): Definition =>
    GraphDefinition.parse({ kind: 'graph', nodes: [{ id: 'a', type: 'model', config }], edges: [] });

  it('is SHA-256 in hex', () => {
    expect(definitionHash(definition({}))).toMatch(/^[\da-f]{64}$/);
  });

  it('is the same for the same content, and another one for any other', () => {
    fc.assert(
      fc.property(jsonObject, (config) => {
        const plain = sent(config) as Record<string, unknown>;
        const hash = definitionHash(definition(plain));
        expect(definitionHash(reordered(definition(plain)) as Definition)).toBe(hash);
        expect(definitionHash(definition({ ...plain, more: [plain.more] }))).not.toBe(hash);
      }),
    );
  });
});
