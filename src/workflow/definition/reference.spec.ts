import fc from 'fast-check';
import { lookUp, resolveReferences } from './reference.js';
import type { ReferenceScope } from './lookup.js';

const scopeWith = (parts: Partial<ReferenceScope>): ReferenceScope => ({
  input: {},
  variables: {},
  nodes: {},
  ...parts,
});

const SCOPE = scopeWith({
  input: { message: 'Hello', tone: 'warm', deep: { list: [{ name: 'first' }, null] } },
  variables: { text: 'Hi', count: 3, tone: 'cold', none: null, object: { a: 1 } },
  nodes: { model: { output: { text: 'Hi', ok: true } } },
  conversation: { id: 'c' },
  user: { id: 'u' },
});

/** Names as they may occur in JSON. */
const jsonObject = fc.dictionary(fc.string(), fc.jsonValue(), { noNullPrototype: true });

describe('a reference', () => {
  it.each([
    ['{{input.message}}', 'Hello'],
    ['{{ input.message }}', 'Hello'],
    ['{{variables.count}}', 3],
    ['{{variables.object}}', { a: 1 }],
    ['{{nodes.model.output.ok}}', true],
    ['{{conversation.id}}', 'c'],
    ['{{user.id}}', 'u'],
    ['{{input.deep.list.0.name}}', 'first'],
    ['{{input.deep.list}}', [{ name: 'first' }, null]],
  ])('that is the whole text %p keeps the type of what it names', (text, value) => {
    expect(resolveReferences(text, SCOPE)).toEqual(value);
  });

  it.each([
    ['Say {{input.message}}!', 'Say Hello!'],
    ['{{count}} times {{text}}', '3 times Hi'],
    ['{{object}}, {{nodes.model.output.ok}}', '{"a":1}, true'],
    ['<{{none}}|{{nothing}}|{{input.deep.list.1}}>', '<||>'],
    ['{{{text}}}', '{Hi}'],
    ['{{text}}{{text}}', 'HiHi'],
  ])('within other text is inserted: %p', (text, expected) => {
    expect(resolveReferences(text, SCOPE)).toBe(expected);
  });

  it.each(['{{}}', '{text}', '{{text}', '{{te{xt}}', 'text', '', `{{${'x'.repeat(400)}}}`])(
    'is not %p, which stays',
    (text) => {
      expect(resolveReferences(text, SCOPE)).toBe(text);
    },
  );

  it('with a bare name means the variable, else the input', () => {
    expect(lookUp('tone', SCOPE)).toBe('cold');
    expect(lookUp('message', SCOPE)).toBe('Hello');
    expect(lookUp('none', scopeWith({ input: { none: 'given' }, variables: { none: null } }))).toBeNull();
  });

  it.each([
    'nothing',
    'input.nothing.more',
    'input.message.more',
    'nodes.other.output',
    'conversation',
    ' ',
    '.',
    'input..message',
  ])('that names nothing is null: %p', (path) => {
    expect(resolveReferences(`{{${path}}}`, scopeWith({ input: { message: 'Hello' } }))).toBeNull();
  });

  it.each([
    '__proto__',
    'constructor',
    'toString',
    'input.__proto__',
    'input.constructor.name',
    'variables.toString',
    'input.message.length',
    'input.message.constructor',
    'nodes.constructor',
    'nodes.model.output.__proto__.toString',
    'user.constructor',
  ])('never reaches what an object inherits: %s', (path) => {
    expect(resolveReferences(`{{${path}}}`, SCOPE)).toBeNull();
    expect(resolveReferences(`<{{${path}}}>`, SCOPE)).toBe('<>');
  });

  it('finds what JSON holds under any name, however it is called', () => {
    const names = fc.string().filter((name) => name !== '' && !/[{}.\s]/.test(name));
    fc.assert(
      fc.property(names, fc.jsonValue(), (name, value) => {
        const input = JSON.parse(`{${JSON.stringify(name)}:${JSON.stringify(value)}}`) as unknown;
        expect(resolveReferences(`{{input.${name}}}`, scopeWith({ input }))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  it('is not looked for in what was inserted', () => {
    const scope = scopeWith({ input: { message: '{{variables.secret}} $& $1' }, variables: { secret: 'hunter2' } });
    expect(resolveReferences('Say {{input.message}}', scope)).toBe('Say {{variables.secret}} $& $1');
    expect(resolveReferences('{{input.message}}', scope)).toBe('{{variables.secret}} $& $1');
  });
});

describe('resolving references', () => {
  it('changes no other text and no other value', () => {
    const text = fc.string({ unit: 'binary' }).filter((value) => !value.includes('{{'));
    fc.assert(
      fc.property(
        fc.dictionary(text, fc.oneof(text, fc.array(text), fc.integer(), fc.constant(null))),
        jsonObject,
        (value, input) => {
          expect(resolveReferences(value, scopeWith({ input }))).toEqual({ ...value });
        },
      ),
    );
  });

  it('never throws and never changes what it is given', () => {
    const piece = fc.constantFrom('{{', '}}', ' ', '.', 'input', 'a', '__proto__', 'nodes', '\n', '{', '}');
    const text = fc.oneof(
      fc.array(piece).map((pieces) => pieces.join('')),
      fc.string({ unit: 'binary' }),
    );
    fc.assert(
      fc.property(fc.array(text), jsonObject, jsonObject, (value, input, variables) => {
        const scope = scopeWith({ input, variables });
        const before = JSON.stringify([value, scope]);
        resolveReferences({ value }, scope);
        expect(JSON.stringify([value, scope])).toBe(before);
      }),
      { numRuns: 500 },
    );
  });

  it('reaches every text inside lists and objects, and leaves names', () => {
    const config = { 'a {{text}}': ['{{count}}', { b: '{{text}}!' }], n: 1, z: null };
    expect(resolveReferences(config, SCOPE)).toEqual({ 'a {{text}}': [3, { b: 'Hi!' }], n: 1, z: null });
  });

  it('keeps a member named __proto__ a member', () => {
    const resolved = resolveReferences(JSON.parse('{"__proto__":{"polluted":"{{text}}"}}'), SCOPE);
    expect(JSON.stringify(resolved)).toBe('{"__proto__":{"polluted":"Hi"}}');
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });

  it.each([
    ['openings', '{{'.repeat(500_000)],
    ['an opening and blanks', `{{${' '.repeat(1_000_000)}`],
    ['openings and blanks', `{{${' '.repeat(300)}`.repeat(3_000)],
    ['an opening, blanks and a letter', `{{${' '.repeat(500_000)}x${' '.repeat(500_000)}`],
    ['an opening and text', `{{${'x'.repeat(1_000_000)}`],
    ['closings', '}}'.repeat(500_000)],
    ['references', '{{nothing}}'.repeat(90_000)],
  ])('takes a megabyte of %s without delay', (_, text) => {
    const startedAt = performance.now();
    resolveReferences(text, SCOPE);
    resolveReferences(`x${text}`, SCOPE);
    expect(performance.now() - startedAt).toBeLessThan(20_000);
  });
});
