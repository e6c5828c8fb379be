import { single, testValidator, type TestValidator } from '../../../../test/support/validation.js';

describe('the configuration of a node', () => {
  let chatter: TestValidator;
  beforeAll(async () => {
    chatter = await testValidator();
  });

  it.each<[string, string, Record<string, unknown>, readonly string[]]>([
    ['fits', 'model', { prompt: 'Hello', temperature: 0.5 }, []],
    ['has an unknown member', 'model', { temprature: 1 }, ['invalid-config error /nodes/0/config/temprature']],
    [
      'has a value out of range',
      'model',
      { temperature: 3, maxTokens: '5' },
      ['invalid-config error /nodes/0/config/maxTokens', 'invalid-config error /nodes/0/config/temperature'],
    ],
    ['has a reference where a number will be', 'model', { temperature: '{{input.t}}', maxTokens: '{{n}}' }, []],
    [
      'has a reference under an unknown name',
      'model',
      { temprature: '{{input.t}}' },
      ['invalid-config error /nodes/0/config/temprature'],
    ],
    ['lacks what it needs', 'http', {}, ['invalid-config error /nodes/0/config/url']],
    [
      'has a condition with an unknown operator',
      'switch',
      { branches: [{ port: 'a', when: { x: { near: 1 } } }] },
      ['invalid-condition error /nodes/0/config/branches/0/when/x/near'],
    ],
    [
      'has a reference in a member that is not resolved',
      'composite',
      { strategy: '{{input.strategy}}', workflows: '{{input.workflows}}' },
      ['invalid-config error /nodes/0/config/workflows'],
    ],
  ])('that %s: %s', async (_, type, config, expected) => {
    expect(await chatter.check(single(type, config), 'invalid-config', 'invalid-condition')).toEqual(expected);
  });

  it('is not blamed for a definition inside it, which is judged by itself', async () => {
    const definition = single('map', { items: [1], body: { kind: 'graph', nodes: [{ id: 'a' }] } });
    expect(await chatter.check(definition, 'invalid-config', 'invalid-structure')).toEqual([
      'invalid-structure error /nodes/0/config/body/nodes/0/type',
    ]);
    const unreadable = single('map', { items: [1], body: { kind: 'grph' } });
    expect(await chatter.check(unreadable)).toEqual(['invalid-config error /nodes/0/config/body/kind']);
  });

  it('is named with its node and what is wrong', async () => {
    expect(await chatter.only(single('model', { temperature: 3 }), 'invalid-config')).toEqual(
      expect.objectContaining({
        message: expect.stringMatching(/^"temperature" of node "only" .*2/),
        hint: 'Correct it as the configSchema of "model" at GET /node-types says.',
      }),
    );
  });
});
