import { Definition, GraphDefinition } from './definition.js';

const node = (id: string, more: object = {}) => ({ id, type: 'model', ...more });
const graph = (more: object = {}) => ({ kind: 'graph', nodes: [node('a')], ...more });
const faultsOf = (value: unknown) =>
  GraphDefinition.safeParse(value)
    .error?.issues.map(({ path }) => path.join('/'))
    .toSorted() ?? [];

describe('a graph definition', () => {
  it('is completed with defaults', () => {
    expect(GraphDefinition.parse({ ...graph(), edges: [{ from: 'a', to: 'a' }] })).toEqual({
      kind: 'graph',
      nodes: [{ id: 'a', type: 'model', config: {} }],
      edges: [{ from: 'a', to: 'a', port: 'next' }],
    });
    expect(GraphDefinition.parse(graph()).edges).toEqual([]);
  });

  it('keeps everything that belongs to it', () => {
    const whole = {
      kind: 'graph',
      name: 'n',
      description: 'd',
      nodes: [node('a', { title: 't', config: { x: [1, { y: null }] }, timeoutMs: 5, position: { x: 1.5, y: -2 } })],
      edges: [{ from: 'a', to: 'b', port: 'p' }],
      output: { text: '{{text}}', list: ['{{a}}'] },
    };
    expect(GraphDefinition.parse(whole)).toEqual(whole);
  });

  it('tells all its faults at once', () => {
    const faulty = {
      kind: 'graph',
      nodes: [{ id: '1a', type: '', config: [], timeoutMs: 0 }],
      edges: [{ from: 'a' }],
      description: 7,
    };
    expect(faultsOf(faulty)).toEqual([
      'description',
      'edges/0/to',
      'nodes/0/config',
      'nodes/0/id',
      'nodes/0/timeoutMs',
      'nodes/0/type',
    ]);
  });

  it.each(['', '1', '_a', 'a b', 'a.b', 'a/b', 'ä', '__proto__', 'a'.repeat(65)])('does not name a node %p', (id) => {
    expect(faultsOf(graph({ nodes: [node(id)] }))).toContain('nodes/0/id');
  });

  it.each(['a', 'A1', 'ask-model', 'ask_model', 'constructor', 'messages'])('may name a node %p', (id) => {
    expect(faultsOf(graph({ nodes: [node(id)] }))).toEqual([]);
  });

  it.each([
    ['no nodes', graph({ nodes: [] }), ['nodes']],
    ['101 nodes', graph({ nodes: Array.from({ length: 101 }, (_, index) => node(`n${index}`)) }), ['nodes']],
    ['201 edges', graph({ edges: Array.from({ length: 201 }, () => ({ from: 'a', to: 'a' })) }), ['edges']],
    ['an unknown member', graph({ more: 1 }), ['']],
    ['an unknown member of a node', graph({ nodes: [node('a', { more: 1 })] }), ['nodes/0']],
    ['another kind', { ...graph(), kind: 'code' }, ['kind']],
    ['a time limit beyond a day', graph({ nodes: [node('a', { timeoutMs: 86_400_001 })] }), ['nodes/0/timeoutMs']],
  ])('does not have %s', (_, definition, faults) => {
    expect(faultsOf(definition)).toEqual(faults);
  });

  it.each([undefined, null, 'graph', 7, [], {}])('is not %p', (value) => {
    expect(faultsOf(value).length).toBeGreaterThan(0);
  });
});

describe('a definition of any kind', () => {
  const SHORT = {
    kind: 'conditional',
    conditions: { n: { min: 1 }, language: ['en'] },
    workflows: { n: 'plain', language: 'rag' },
  };
  const LONG = {
    kind: 'conditional',
    branches: [
      { id: 'n', when: { n: { min: 1 } }, workflow: 'plain' },
      { id: 'language', when: { language: ['en'] }, workflow: 'rag' },
    ],
  };
  const pointersOf = (value: unknown) =>
    Definition.safeParse(value)
      .error?.issues.map(({ path }) => `/${path.join('/')}`)
      .toSorted() ?? [];

  const holders: readonly (readonly [string, (inner: object) => object, string])[] = [
    ['as a whole', (inner) => inner, ''],
    [
      'inside a branch',
      (definition) => ({ kind: 'conditional', branches: [{ id: 'b', when: { x: 1 }, definition }] }),
      '/branches/0/definition',
    ],
    ['inside a default', (definition) => ({ ...LONG, default: { definition } }), '/default/definition'],
    [
      'inside a child',
      (definition) => ({ kind: 'composite', strategy: 'parallel', workflows: [{ id: 'c', definition }] }),
      '/workflows/0/definition',
    ],
    [
      'inside the default child of a composite inside a branch',
      (definition) => ({
        kind: 'conditional',
        branches: [
          {
            id: 'b',
            when: { x: 1 },
            definition: {
              kind: 'composite',
              strategy: 'conditional',
              workflows: [{ id: 'c', workflow: 'plain', when: { y: 1 } }],
              default: { id: 'd', definition },
            },
          },
        ],
      }),
      '/branches/0/definition/default/definition',
    ],
  ];

  it.each(holders)('has its short form made long %s', (_, holding) => {
    expect(Definition.parse(holding(SHORT))).toEqual(Definition.parse(holding(LONG)));
    expect(JSON.stringify(Definition.parse(holding(SHORT)))).not.toContain('conditions');
  });

  it.each(holders)('names the faults of a short form %s', (_, holding, pointer) => {
    expect(pointersOf(holding({ ...SHORT, workflows: { n: 'plain' } }))).toEqual([`${pointer}/conditions/language`]);
  });

  it('is not changed by being read again', () => {
    for (const [, holding] of holders) {
      const once = Definition.parse(holding(SHORT));
      expect(Definition.parse(once)).toEqual(once);
    }
  });

  it('names the default child of a composite where it has no id', () => {
    const composite = { kind: 'composite', strategy: 'conditional', workflows: [{ id: 'a', workflow: 'plain' }] };
    expect(Definition.parse({ ...composite, default: { workflow: 'rag' } })).toMatchObject({
      default: { id: 'default', workflow: 'rag' },
    });
    expect(Definition.safeParse({ ...composite, workflows: [{ workflow: 'plain' }] }).success).toBe(false);
  });

  it('has the defaults of a composite', () => {
    expect(
      Definition.parse({ kind: 'composite', strategy: 'sequential', workflows: [{ id: 'a', workflow: 'plain' }] }),
    ).toEqual({
      kind: 'composite',
      strategy: 'sequential',
      workflows: [{ id: 'a', workflow: 'plain' }],
      onError: 'continue',
      maxConcurrency: 4,
      merge: 'namespace',
    });
  });

  const graphs = graph();
  it.each([
    ['both a workflow and a definition', { workflow: 'plain', definition: graphs }],
    ['neither a workflow nor a definition', {}],
  ])('refuses a branch, a default and a child with %s', (_, target) => {
    expect(pointersOf({ kind: 'conditional', branches: [{ id: 'b', when: { x: 1 }, ...target }] })).toEqual([
      '/branches/0',
    ]);
    expect(pointersOf({ ...LONG, default: target })).toEqual(['/default']);
    const composite = { kind: 'composite', strategy: 'parallel' };
    expect(pointersOf({ ...composite, workflows: [{ id: 'c', ...target }] })).toEqual(['/workflows/0']);
    expect(
      pointersOf({ ...composite, workflows: [{ id: 'c', workflow: 'plain' }], default: { id: 'd', ...target } }),
    ).toEqual(['/default']);
  });

  it.each([
    ['an id twice', { kind: 'conditional', branches: [LONG.branches[0], LONG.branches[0]] }, ['/branches']],
    ['no branch', { kind: 'conditional', branches: [] }, ['/branches']],
    ['both of its forms', { ...SHORT, branches: LONG.branches }, ['/branches']],
    ['a workflow that a reference chooses', { ...LONG, default: { workflow: '{{input.w}}' } }, ['/default/workflow']],
    ['no children', { kind: 'composite', strategy: 'parallel', workflows: [] }, ['/workflows']],
    [
      'a child id twice',
      {
        kind: 'composite',
        strategy: 'parallel',
        workflows: ['plain', 'rag'].map((workflow) => ({ id: 'same', workflow })),
      },
      ['/workflows'],
    ],
    [
      'another strategy',
      { kind: 'composite', strategy: 'race', workflows: [{ id: 'a', workflow: 'plain' }] },
      ['/strategy'],
    ],
    ['another kind', { kind: 'code' }, ['/kind']],
    ['nothing to it', null, ['/']],
  ])('refuses %s', (_, definition, pointers) => {
    expect(pointersOf(definition)).toEqual(pointers);
  });
});
