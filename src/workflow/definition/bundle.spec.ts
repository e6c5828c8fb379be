import { bundleHash, pinKey } from './bundle.js';
import { GraphDefinition, type Definition } from './definition.js';
import { definitionHash } from './definition-hash.js';

describe('the hash of a bundle', () => {
  const leaf = (value: unknown): Definition =>
    GraphDefinition.parse({ kind: 'graph', nodes: [{ id: 'a', type: 'set', config: { values: { value } } }] });
  const root = leaf('root');
  const pins = { one: { name: 'one', version: 1, definition: leaf(1) }, two: { definition: leaf(2) } };

  it('is that of the definition alone where it refers to nothing', () => {
    expect(bundleHash({ definition: root, pins: {} })).toBe(definitionHash(root));
  });

  it('does not depend on the order in which references were found', () => {
    const turned = { two: pins.two, one: pins.one };
    expect(bundleHash({ definition: root, pins: turned })).toBe(bundleHash({ definition: root, pins }));
  });

  it.each([
    ['the definition', { definition: leaf('other'), pins }],
    ['what a reference stands for', { definition: root, pins: { ...pins, two: { definition: leaf(3) } } }],
    ['the version of it', { definition: root, pins: { ...pins, one: { ...pins.one, version: 2 } } }],
    ['its references', { definition: root, pins: { one: pins.one } }],
    ['their names', { definition: root, pins: { one: pins.one, three: pins.two } }],
  ])('is another one when %s is another', (_, bundle) => {
    expect(bundleHash(bundle)).not.toBe(bundleHash({ definition: root, pins }));
  });
});

describe('the key of a pin', () => {
  it('is the reference, with its parameters whatever their order', () => {
    expect(pinKey({ workflow: 'plain' })).toBe('plain');
    expect(pinKey({ workflow: 'rag', parameters: { b: 1, a: [2] } })).toBe('rag {"a":[2],"b":1}');
    expect(pinKey({ workflow: 'rag', parameters: { a: [2], b: 1 } })).toBe('rag {"a":[2],"b":1}');
  });
});
