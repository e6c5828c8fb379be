import { find, pathFault, type ReferenceScope } from './lookup.js';

const scope: ReferenceScope = {
  input: { language: 'de', score: 0.5, user: { id: 'forged' }, nothing: 'from input', deep: { in: { here: 1 } } },
  variables: { score: 0.9, nothing: null, list: ['a', 'b'], 'dotted.name': 1 },
  nodes: { draft: { output: { text: 'hello' } } },
  item: { price: 3 },
  index: 0,
  conversation: { id: 'c1' },
};

describe('find', () => {
  it.each([
    ['score', 0.9],
    ['variables.score', 0.9],
    ['input.score', 0.5],
    ['language', 'de'],
    ['deep.in.here', 1],
    ['nothing', null],
    ['nodes.draft.output.text', 'hello'],
    ['item.price', 3],
    ['index', 0],
    ['conversation.id', 'c1'],
    ['list.1', 'b'],
    ['list.length', 2],
  ])('finds %s', (path, value) => {
    expect(find(path, scope)).toEqual({ value });
  });

  it.each([
    'other',
    'score.more',
    'list.2',
    'language.length',
    'nodes.other.output',
    'dotted.name',
    'input.deep.there',
  ])('finds nothing at %s', (path) => {
    expect(find(path, scope)).toBeUndefined();
  });

  it('lets no input pose as the user', () => {
    expect(find('user.id', scope)).toBeUndefined();
    expect(find('input.user.id', scope)).toEqual({ value: 'forged' });
  });

  it.each([
    '__proto__',
    'constructor',
    'input.__proto__',
    'input.constructor',
    'input.constructor.name',
    'input.__proto__.polluted',
    'variables.list.constructor',
    'toString',
    'input.toString',
    'hasOwnProperty',
    'input.deep.valueOf',
  ])('never reaches a prototype by %s', (path) => {
    expect(find(path, scope)).toBeUndefined();
  });

  it('resolves data that is called so as data, and nothing behind it', () => {
    const input: unknown = JSON.parse('{ "__proto__": { "admin": true }, "constructor": { "name": "x" } }');
    const named = { input, variables: {}, nodes: {} };
    expect(find('input.__proto__.admin', named)).toEqual({ value: true });
    expect(find('input.constructor.name', named)).toEqual({ value: 'x' });
    expect(find('input.constructor.prototype', named)).toBeUndefined();
  });
});

describe('pathFault', () => {
  it.each(['a', 'a.b.c', 'input.0', 'naïve name', 'toString', 'prototype'])('accepts %j', (path) => {
    expect(pathFault(path)).toBeUndefined();
  });

  it.each(['', '.', 'a..b', 'a.', '.a', '__proto__', 'a.__proto__.b', 'constructor', 'a.constructor', 'a'.repeat(257)])(
    'refuses %j',
    (path) => {
      expect(pathFault(path)).toEqual(expect.any(String));
    },
  );
});
