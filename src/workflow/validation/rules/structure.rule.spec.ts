import { graph, node, single, testValidator, type TestValidator } from '../../../../test/support/validation.js';

describe('the structure of a definition', () => {
  let chatter: TestValidator;
  beforeAll(async () => {
    chatter = await testValidator({ workflows: { plain: { definition: single() } } });
  });
  const branch = { id: 'a', when: { x: 1 }, workflow: 'plain' };

  it.each<[string, unknown, readonly string[]]>([
    ['no object', [], ['invalid-structure error ']],
    ['an unknown kind', { kind: 'grph', nodes: [] }, ['invalid-structure error ']],
    ['a graph without nodes', { kind: 'graph', nodes: [] }, ['invalid-structure error /nodes']],
    ['nodes that are no list', { kind: 'graph', nodes: {} }, ['invalid-structure error /nodes']],
    ['an unknown member', { ...single(), nods: 1 }, ['invalid-structure error /nods']],
    [
      'a faulty node',
      graph([{ id: '1a', type: 'model', timeoutMs: 0 }]),
      ['invalid-structure error /nodes/0/id', 'invalid-structure error /nodes/0/timeoutMs'],
    ],
    ['a faulty edge', { ...single(), edges: [{ from: 'only' }] }, ['invalid-structure error /edges/0/to']],
    [
      'faulty limits',
      { ...single(), limits: { maxTokens: 0, maxMoney: 1 } },
      ['invalid-structure error /limits/maxMoney', 'invalid-structure error /limits/maxTokens'],
    ],
    [
      'a branch without a workflow',
      { kind: 'conditional', branches: [{ id: 'a', when: { x: 1 } }], default: { workflow: 'plain' } },
      ['invalid-structure error /branches/0'],
    ],
    [
      'a branch with two',
      { kind: 'conditional', branches: [{ ...branch, definition: single() }], default: { workflow: 'plain' } },
      ['invalid-structure error /branches/0'],
    ],
    [
      'an unknown operator',
      { kind: 'conditional', branches: [{ ...branch, when: { x: { near: 1 } } }], default: { workflow: 'plain' } },
      ['invalid-condition error /branches/0/when/x/near'],
    ],
    [
      'an unknown operator in the short form',
      { kind: 'conditional', conditions: { 'a/b': { near: 1 } }, workflows: { 'a/b': 'plain' }, default: 'plain' },
      ['invalid-condition error /conditions/a~1b/near'],
    ],
    [
      'a short form that does not fit together',
      { kind: 'conditional', conditions: { x: 1 }, workflows: { y: 'plain' } },
      ['invalid-condition error /conditions/x', 'invalid-structure error /workflows/y'],
    ],
    [
      'a reference of the short form that is empty',
      { kind: 'conditional', conditions: { x: 1 }, workflows: { x: '' }, default: 'plain' },
      ['invalid-structure error /workflows/x', 'unknown-workflow error /workflows/x'],
    ],
    [
      'a short form’s parameters',
      {
        kind: 'conditional',
        conditions: { x: 1 },
        workflows: { x: { workflow: 'plain', parameters: 1 } },
        default: 'plain',
      },
      ['invalid-structure error /workflows/x/parameters'],
    ],
    [
      'an unknown strategy',
      { kind: 'composite', strategy: 'random', workflows: [{ id: 'a', workflow: 'plain' }] },
      ['invalid-structure error /strategy'],
    ],
    [
      'text that cannot be stored',
      { ...single(), name: 'a\u0000b', description: '\ud800' },
      ['invalid-structure error /description', 'invalid-structure error /name'],
    ],
    [
      'too many nodes and edges',
      graph(
        Array.from({ length: 101 }, (_, index) => node(`n${index}`, 'memory')),
        Array.from({ length: 201 }, () => 'n0 -> n1'),
      ),
      ['too-many-edges error /edges', 'too-many-nodes error /nodes'],
    ],
  ])('is refused with %s', async (_, definition, expected) => {
    const codes = ['invalid-structure', 'invalid-condition', 'too-many-nodes', 'too-many-edges', 'unknown-workflow'];
    expect(await chatter.check(definition, ...codes)).toEqual(expected);
  });

  it('is told with the number and the limit', async () => {
    const many = graph(Array.from({ length: 101 }, (_, index) => node(`n${index}`, 'memory')));
    expect((await chatter.only(many, 'too-many-nodes')).message).toBe('There are 101 nodes; at most 100 are allowed.');
    const large = single('model', { prompt: 'x'.repeat(530_000) });
    expect((await chatter.only(large, 'too-large')).message).toMatch(
      /^The definition is 530\d\d\d bytes of JSON; at most 524288/,
    );
  });

  it('is checked inside of what is faulty itself', async () => {
    const inner = single('nope');
    const definitions = {
      '/branches/1/definition': {
        kind: 'conditional',
        branches: [
          { id: 7, when: [] },
          { id: 'b', when: { x: 1 }, definition: inner },
        ],
      },
      '/workflows/y/definition': { kind: 'conditional', conditions: { x: 1 }, workflows: { y: { definition: inner } } },
      '/workflows/0/definition': { kind: 'composite', workflows: [{ definition: inner, input: 1 }] },
      '/default/definition': {
        kind: 'composite',
        strategy: 'conditional',
        workflows: 1,
        default: { id: 'd', definition: inner },
      },
      '/nodes/1/config/body': graph([{ id: 1 }, node('m', 'map', { items: 5, more: 1, body: inner })]),
    };
    for (const [pointer, definition] of Object.entries(definitions))
      expect([pointer, await chatter.check(definition, 'unknown-node-type')]).toEqual([
        pointer,
        [`unknown-node-type error ${pointer}/nodes/0/type`],
      ]);
  });
});
