import { single, testValidator, type TestValidator } from '../../../../test/support/validation.js';

describe('the path of a reference', () => {
  let chatter: TestValidator;
  beforeAll(async () => {
    chatter = await testValidator();
  });
  const check = (prompt: string) => chatter.check(single('model', { prompt }), 'prototype-path', 'invalid-reference');

  it.each([
    '{{message}}',
    '{{ input.a.b }}',
    '{{nodes.only2.output.list.0.name}}',
    'a {b} }}{{ c',
    '{{input.first name}}',
  ])('may be %s', async (prompt) => {
    expect(await check(prompt)).toEqual([]);
  });

  it.each(['{{__proto__}}', '{{input.constructor.name}}', '{{nodes.a.prototype}}', 'x {{ a.__proto__ }} y'])(
    'is refused as %s',
    async (prompt) => {
      expect(await check(prompt)).toEqual(['prototype-path error /nodes/0/config/prompt']);
    },
  );

  it.each(['{{#if x}}', '{{/if}}', '{{x | upper}}', '{{f(x)}}', '{{ }}', '{{a..b}}'])(
    'is doubted as %s',
    async (prompt) => {
      expect(await check(prompt)).toEqual(['invalid-reference warning /nodes/0/config/prompt']);
    },
  );

  it('may be any name in a condition, which has no braces', async () => {
    const when = { 'price (EUR)': 1, 'a|b': 2 };
    expect(await chatter.check(single('switch', { branches: [{ port: 'a', when }] }), 'invalid-reference')).toEqual([]);
  });

  it('is checked in outputs, in inputs of children and in members that a node resolves itself', async () => {
    const hostile = '{{input.__proto__}}';
    expect(
      await chatter.check(
        {
          kind: 'composite',
          strategy: 'parallel',
          workflows: [
            {
              id: 'a',
              input: { deep: [hostile] },
              definition: { ...single('loop', { body: single(), until: { x: hostile } }), output: [hostile] },
            },
          ],
        },
        'prototype-path',
      ),
    ).toEqual([
      'prototype-path error /workflows/0/definition/nodes/0/config/until/x',
      'prototype-path error /workflows/0/definition/output/0',
      'prototype-path error /workflows/0/input/deep/0',
    ]);
  });
});
