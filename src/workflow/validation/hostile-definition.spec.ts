import fc from 'fast-check';
import { CALLER, graph, node, single, testValidator, type TestValidator } from '../../../test/support/validation.js';

/** Seconds rather than a second: the machine may be busy. What is quadratic takes minutes. */
const MAX_MS = 20_000;

describe('a hostile definition', () => {
  let chatter: TestValidator;
  beforeAll(async () => {
    const self = {
      kind: 'conditional',
      branches: [{ id: 'again', when: { x: 1 }, workflow: 'self@draft' }],
      default: { workflow: 'plain' },
    };
    chatter = await testValidator({
      workflows: { plain: { definition: single() }, 'self@draft': { definition: self } },
    });
  });

  /** Violations by code, with how many there are and the first pointer. */
  async function judged(
    definition: unknown,
  ): Promise<Readonly<Record<string, readonly [count: number, first: string]>>> {
    const before = process.cpuUsage();
    const { valid, violations } = await chatter.validator.validate(CALLER, definition);
    expect(process.cpuUsage(before).user / 1_000).toBeLessThan(MAX_MS);
    expect(violations.length).toBeLessThanOrEqual(501);
    expect(JSON.stringify(violations).length).toBeLessThan(2_000_000);
    expect(valid).toBe(violations.every(({ severity }) => severity === 'warning'));
    for (const { pointer, message, hint } of violations) {
      expect(pointer).toMatch(/^(?:\/|$)/);
      expect(message).toMatch(/^[A-Z"].*[.]$/s);
      expect(hint).toMatch(/\w.*[.?…]$/s);
    }
    const groups = Map.groupBy(violations, ({ code }) => code);
    return Object.fromEntries([...groups].map(([code, found]) => [code, [found.length, found[0]!.pointer]]));
  }

  const chain = (count: number): readonly string[] =>
    Array.from({ length: count - 1 }, (_, index) => `n${index} -> n${index + 1}`);
  const nodes = (count: number, of: (index: number) => object): readonly object[] =>
    Array.from({ length: count }, (_, index) => of(index));

  it('that is cyclic without a loop node is told which edge closes the circle', async () => {
    const found = await judged(
      graph([node('a', 'model'), node('b', 'model'), node('c', 'model')], ['a -> b', 'b -> c', 'c -> b']),
    );
    expect(found).toMatchObject({ cycle: [1, '/edges/2'] });
  });

  it('that reaches itself is told by which reference', async () => {
    const found = await judged({
      kind: 'conditional',
      branches: [{ id: 'again', when: { x: 1 }, workflow: 'self@draft' }],
      default: { workflow: 'plain' },
    });
    expect(found).toEqual({ 'self-containing': [1, '/branches/0/workflow'] });
  });

  it('of 10,000 nodes of no type and 20,000 edges', async () => {
    const many = nodes(10_000, (index) =>
      node(`n${index}`, 'nope', { prompt: `{{nodes.n${(index + 1) % 10_000}.output}} {{variables.v}}` }),
    );
    const edges = [
      ...chain(10_000),
      ...chain(10_000).map((edge) => edge.replace(/n(\d+)$/, (_, to: string) => `n${(Number(to) + 7) % 10_000}`)),
    ];
    expect(await judged(graph(many, edges))).toMatchObject({
      'too-many-nodes': [1, '/nodes'],
      'too-many-edges': [1, '/edges'],
      'too-large': [1, ''],
      'unknown-node-type': [expect.any(Number), '/nodes/0/type'],
      cycle: [expect.any(Number), expect.stringMatching(/^\/edges\/\d+$/)],
      'more-violations': [1, ''],
    });
  });

  it('of 10,000 well-formed nodes that all refer forward', async () => {
    const many = nodes(10_000, (index) => node(`n${index}`, 'model', { prompt: `{{nodes.n${index + 1}.output}}` }));
    expect(await judged(graph(many, chain(10_000)))).toMatchObject({
      'too-many-nodes': [1, '/nodes'],
      'reference-before-assignment': [expect.any(Number), '/nodes/0/config/prompt'],
      'unknown-node-reference': [1, '/nodes/9999/config/prompt'],
    });
  });

  it.each([
    [
      'a dense graph',
      nodes(1_000, (index) => node(`n${index}`, 'model')),
      nodes(20_000, (index) => ({
        from: `n${index % 999}`,
        to: `n${Math.min(999, (index % 999) + 1 + (index % 50))}`,
      })),
    ],
    [
      'everything from one node',
      nodes(10_000, (index) => node(`n${index}`, 'join')),
      nodes(20_000, (index) => ({ from: 'n0', to: `n${1 + (index % 9_999)}` })),
    ],
    [
      'one circle over everything',
      nodes(10_000, (index) => node(`n${index}`, 'memory')),
      nodes(20_000, (index) => ({ from: `n${index % 10_000}`, to: `n${(index + 1) % 10_000}` })),
    ],
    [
      'edges back to the start',
      nodes(5_000, (index) => node(`n${index}`, 'memory')),
      [
        ...chain(5_000).map((edge) => ({ from: edge.split(' ')[0], to: edge.split(' ')[2] })),
        ...nodes(5_000, (index) => ({ from: `n${index}`, to: 'n0' })),
      ],
    ],
    ['edges to nowhere', [node('a', 'memory')], nodes(20_000, (index) => ({ from: `x${index}`, to: `y${index}` }))],
    [
      'one id for all nodes',
      nodes(10_000, () => node('same', 'memory')),
      nodes(20_000, () => ({ from: 'same', to: 'same' })),
    ],
    ['what are no nodes and edges', nodes(10_000, () => ({})), nodes(20_000, () => ({}))],
    [
      'joins of everything',
      [node('a', 'memory'), ...nodes(900, (index) => node(`j${index}`, 'join'))],
      nodes(900, (index) => [
        { from: 'a', to: `j${index}` },
        { from: `j${index}`, to: `j${Math.min(899, index + 1)}` },
      ]).flat(),
    ],
    [
      'fan-outs of fan-outs',
      nodes(1_000, (index) => node(`n${index}`, 'memory')),
      nodes(999, (index) => [
        { from: `n${index}`, to: `n${index + 1}` },
        { from: `n${index}`, to: `n${Math.min(999, index + 2)}` },
      ]).flat(),
    ],
  ])('of %s is judged in time', async (_, someNodes, edges) => {
    const found = await judged({ kind: 'graph', nodes: someNodes, edges });
    expect(Object.keys(found).length).toBeGreaterThan(0);
  });

  describe('nested fifty deep', () => {
    const nest = (wrap: (inner: object) => object, depth = 50): object =>
      Array.from({ length: depth }).reduce<object>((inner) => wrap(inner), single('nope'));

    it.each<[string, (inner: object) => object, string]>([
      [
        'in conditionals',
        (definition) => ({
          kind: 'conditional',
          branches: [{ id: 'a', when: { x: 1 }, definition }],
          default: { workflow: 'plain' },
        }),
        '/branches/0/definition',
      ],
      [
        'in short conditionals',
        (definition) => ({
          kind: 'conditional',
          conditions: { x: 1 },
          workflows: { x: { definition } },
          default: 'plain',
        }),
        '/workflows/x/definition',
      ],
      [
        'in defaults',
        (definition) => ({
          kind: 'conditional',
          branches: [{ id: 'a', when: { x: 1 }, workflow: 'plain' }],
          default: { definition },
        }),
        '/default/definition',
      ],
      [
        'in composites',
        (definition) => ({ kind: 'composite', strategy: 'parallel', workflows: [{ id: 'a', definition }] }),
        '/workflows/0/definition',
      ],
      ['in maps', (body) => single('map', { items: '{{input.list}}', body }), '/nodes/0/config/body'],
      ['in workflow nodes', (definition) => single('workflow', { definition }), '/nodes/0/config/definition'],
      [
        'in composite nodes',
        (definition) => single('composite', { strategy: 'parallel', workflows: [{ id: 'a', definition }] }),
        '/nodes/0/config/workflows/0/definition',
      ],
    ])('%s is told where it is too deep', async (_, wrap, step) => {
      const sixth = step.repeat(6);
      const { violations } = await chatter.validator.validate(CALLER, nest(wrap));
      expect(violations.find(({ code, pointer }) => code === 'too-deep' && pointer === sixth)).toBeDefined();
      expect(await judged(nest(wrap))).toMatchObject({ 'too-deep': [expect.any(Number), expect.any(String)] });
      expect(await chatter.check(nest(wrap, 5), 'unknown-node-type')).toEqual([
        `unknown-node-type error ${step.repeat(5)}/nodes/0/type`,
      ]);
    });

    it('in lists and objects', async () => {
      const deep = Array.from({ length: 20_000 }).reduce<unknown>(
        (inner, _, index) => (index % 2 ? [inner] : { inner }),
        1,
      );
      expect(await judged(deep)).toMatchObject({ 'invalid-structure': [1, ''] });
      expect(await judged(single('http', { url: 'https://example.com/', body: deep }))).toMatchObject({
        'too-deep': [1, expect.any(String)],
      });
      expect(
        await judged({ kind: 'conditional', branches: [{ id: 'a', when: { all: [deep] }, workflow: 'plain' }] }),
      ).toMatchObject({
        'invalid-condition': [expect.any(Number), '/branches/0/when/all/0'],
      });
    });

    it('in all, any and not, and with more than 256 conditions', async () => {
      const not = Array.from({ length: 17 }).reduce<object>((inner) => ({ not: inner }), { x: 1 });
      const wide = { all: nodes(300, (index) => ({ [`x${index}`]: index })) };
      for (const when of [not, wide])
        for (const definition of [
          { kind: 'conditional', branches: [{ id: 'a', when, workflow: 'plain' }], default: { workflow: 'plain' } },
          {
            kind: 'composite',
            strategy: 'conditional',
            workflows: [{ id: 'a', when, workflow: 'plain' }],
            default: { id: 'b', workflow: 'plain' },
          },
          single('switch', { branches: [{ port: 'a', when }] }),
        ])
          expect(Object.keys(await judged(definition))).toContain('invalid-condition');
    });
  });

  it.each([
    [
      'many conditions',
      nodes(64, (index) => ({
        id: `b${index}`,
        when: Object.fromEntries(Array.from({ length: 250 }, (_, at) => [`x${at}`, { min: index, max: index + at }])),
        workflow: 'plain',
      })),
    ],
    [
      'long lists',
      nodes(64, (index) => ({
        id: `b${index}`,
        when: { x: Array.from({ length: 900 }, (_, at) => `${index} ${at}`) },
        workflow: 'plain',
      })),
    ],
    ['too many branches', nodes(5_000, (index) => ({ id: `b${index}`, when: { x: index }, workflow: `w${index}` }))],
  ])('of %s is judged in time', async (_, branches) => {
    await judged({ kind: 'conditional', branches });
    await judged(
      single('switch', {
        branches: branches.map((branch) => ({
          port: (branch as { id: string }).id,
          when: (branch as { when: object }).when,
        })),
      }),
    );
  });

  it('with conditions in every node is judged in time', async () => {
    const when = Object.fromEntries(Array.from({ length: 20 }, (_, at) => [`x${at}`, { min: 0, max: at }]));
    const branches = nodes(20, (index) => ({ port: `p${index}`, when }));
    await judged(graph(nodes(100, (index) => node(`n${index}`, 'switch', { branches }))));
  });

  it.each([
    ['of braces', '{{'.repeat(400_000)],
    ['of references', '{{x}}'.repeat(150_000)],
    ['of different references', Array.from({ length: 60_000 }, (_, index) => `{{nodes.n${index}.a}}`).join('')],
    ['of nothing', 'a'.repeat(1_000_000)],
    ['of slashes', 'http://' + '/'.repeat(800_000)],
  ])('with a huge text %s is judged in time', async (_, text) => {
    expect(await judged(single('model', { prompt: text }))).toMatchObject({ 'too-large': [1, ''] });
    expect(await judged(single('http', { url: text, [text]: text }))).toMatchObject({ 'too-large': [1, ''] });
    expect(await judged({ ...single(text), name: text, [text]: 1, output: { [text]: text } })).toMatchObject({
      'too-large': [1, ''],
    });
    expect(await judged({ kind: text })).toMatchObject({ 'invalid-structure': [1, ''] });
    expect(await judged(text)).toMatchObject({ 'invalid-structure': [1, ''] });
    expect(
      await judged({ kind: 'conditional', branches: [{ id: 'a', when: { [text]: text }, workflow: text }] }),
    ).toMatchObject({ 'too-large': [1, ''] });
  });

  it('that names another’s prototype', async () => {
    const refused = JSON.parse(
      '{"kind":"graph","__proto__":{"nodes":1},"nodes":[{"id":"a","type":"model","constructor":{},"config":{"__proto__":{"x":1},"prompt":"{{input.__proto__.x}}"}}],"output":{"a":"{{constructor.name}}","b":"{{nodes.a.output.prototype}}"}}',
    ) as unknown;
    expect(await chatter.check(refused)).toEqual([
      'invalid-structure error /__proto__',
      'invalid-structure error /nodes/0/config/__proto__',
      'prototype-path error /nodes/0/config/prompt',
      'invalid-structure error /nodes/0/constructor',
      'prototype-path error /output/a',
      'prototype-path error /output/b',
    ]);
    const when = JSON.parse('{"__proto__":1,"a.constructor":{"min":1}}') as object;
    expect(
      await chatter.check(
        single('switch', {
          branches: [
            { port: 'a', when },
            { port: 'b', when: { constructor: 1 } },
          ],
        }),
        'invalid-structure',
        'invalid-condition',
      ),
    ).toEqual([
      'invalid-structure error /nodes/0/config/branches/0/when/__proto__',
      'invalid-condition error /nodes/0/config/branches/0/when/a.constructor',
      'invalid-structure error /nodes/0/config/branches/1/when/constructor',
    ]);
    for (const name of ['constructor', 'toString', 'hasOwnProperty', 'valueOf', '__proto__'])
      expect(await judged(graph([node('a', name), node(name, 'model')], [`a -> ${name}`]))).toBeDefined();
  });

  it('of what is no JSON, and of a value that holds itself', async () => {
    const circle: Record<string, unknown> = { kind: 'graph', nodes: [node('a', 'model', { prompt: Number.NaN })] };
    circle.again = circle;
    circle.more = [circle, circle];
    for (const value of [
      undefined,
      () => 1,
      Symbol('s'),
      1n,
      Number.NaN,
      new Map(),
      new Date(),
      circle,
      { kind: 'graph', nodes: [undefined, () => 1] },
      [],
      [[]],
      null,
      '',
      0,
      true,
    ])
      expect(Object.keys(await judged(value)).length).toBeGreaterThan(0);
  });

  it('with a schema that explodes', async () => {
    const bomb = {
      $defs: Object.fromEntries(
        Array.from({ length: 30 }, (_, index) => [
          `d${index}`,
          { allOf: [{ $ref: `#/$defs/d${index + 1}` }, { $ref: `#/$defs/d${index + 1}` }] },
        ]),
      ),
      $ref: '#/$defs/d0',
    };
    expect(await judged({ ...single(), input: bomb })).toMatchObject({ 'invalid-input-schema': [1, '/input'] });
    const leaf = {
      properties: Object.fromEntries(Array.from({ length: 200 }, (_, index) => [`p${index}`, { minLength: index }])),
    };
    const often = {
      $defs: { leaf },
      properties: Object.fromEntries(
        Array.from({ length: 800 }, (_, index) => [`q${index}`, { $ref: '#/$defs/leaf' }]),
      ),
    };
    expect(JSON.stringify(often).length).toBeLessThan(32_768);
    expect(await judged({ ...single(), input: often })).toEqual({});
    const wide = {
      properties: Object.fromEntries(
        Array.from({ length: 900 }, (_, index) => [`p${index}`, { type: 'string', pattern: '^(a+)+$' }]),
      ),
    };
    await judged({ ...single(), input: wide });
    await judged({
      kind: 'composite',
      strategy: 'parallel',
      workflows: nodes(100, (index) => ({ id: `c${index}`, definition: { ...single(), input: wide } })),
    });
  });

  it('of thousands of definitions, workflows and addresses', async () => {
    const composite = (child: (index: number) => object) => ({
      kind: 'composite',
      strategy: 'parallel',
      workflows: nodes(900, (index) => ({ id: `c${index}`, ...child(index) })),
    });
    await judged(composite(() => ({ definition: composite(() => ({ definition: single() })) })));
    expect(await judged(composite((index) => ({ workflow: `w${index}` })))).toMatchObject({
      'unknown-workflow': [expect.any(Number), expect.any(String)],
      'workflow-not-checked': [expect.any(Number), expect.any(String)],
    });
    await judged(graph(nodes(5_000, (index) => node(`n${index}`, 'http', { url: `https://h${index}.example/` }))));
  });

  it('never makes it throw, whatever JSON it is', async () => {
    await fc.assert(
      fc.asyncProperty(fc.jsonValue({ maxDepth: 6 }), async (value) => void (await judged(value))),
      { numRuns: 200 },
    );
  });

  it('never makes it throw, whatever stands in a definition’s places', async () => {
    const any = fc.oneof(
      { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 3 }) },
      {
        weight: 1,
        arbitrary: fc.constantFrom(
          '{{item}}',
          '{{nodes.a.b}}',
          '{{variables.x}}',
          'plain',
          'self@draft',
          '',
          '__proto__',
        ),
      },
    );
    const sometimes = <Value>(arbitrary: fc.Arbitrary<Value>) =>
      fc.oneof({ weight: 4, arbitrary: arbitrary as fc.Arbitrary<unknown> }, { weight: 1, arbitrary: any });
    const id = sometimes(fc.constantFrom('a', 'b', 'c', 'constructor'));
    const when = sometimes(
      fc.dictionary(
        fc.constantFrom('x', 'nodes.a.output', 'all', 'not', 'variables.y'),
        sometimes(fc.constantFrom({ min: 1 }, ['a'], { not: { x: 1 } })),
        { maxKeys: 3 },
      ),
    );
    const { definition } = fc.letrec((tie) => {
      const target = fc.oneof(
        fc.record({ workflow: sometimes(fc.constantFrom('plain', 'self@draft', 'none@1')) }),
        fc.record({ definition: tie('definition'), parameters: any }, { requiredKeys: ['definition'] }),
      );
      const config = sometimes(
        fc.oneof(
          fc.record({ prompt: any, model: any, maxTokens: any }, { requiredKeys: [] }),
          fc.record(
            { items: any, body: sometimes(tie('definition')), until: when, maxIterations: any },
            { requiredKeys: [] },
          ),
          fc.record({ strategy: any, workflows: sometimes(fc.array(target, { maxLength: 2 })) }),
          fc.record(
            { branches: sometimes(fc.array(fc.record({ port: id, when }), { maxLength: 3 })), default: any },
            { requiredKeys: [] },
          ),
          fc.record({ url: any, values: any, wait: any, output: any }, { requiredKeys: [] }),
        ),
      );
      const someNode = sometimes(
        fc.record(
          {
            id,
            type: sometimes(
              fc.constantFrom(
                'model',
                'switch',
                'map',
                'loop',
                'composite',
                'workflow',
                'join',
                'set',
                'http',
                'engine',
              ),
            ),
            config,
            onError: sometimes(fc.constantFrom('fail', 'continue', { port: 'error' })),
          },
          { requiredKeys: ['id', 'type'] },
        ),
      );
      const edge = sometimes(fc.record({ from: id, to: id, port: any }, { requiredKeys: ['from', 'to'] }));
      const described = { input: any, limits: any, name: any, output: any };
      return {
        definition: fc.oneof(
          { maxDepth: 3 },
          fc.record(
            {
              kind: fc.constant('graph'),
              nodes: sometimes(fc.array(someNode, { maxLength: 4 })),
              edges: sometimes(fc.array(edge, { maxLength: 6 })),
              ...described,
            },
            { requiredKeys: ['kind', 'nodes'] },
          ),
          fc.record(
            {
              kind: fc.constant('conditional'),
              branches: sometimes(
                fc.array(fc.record({ id, when, workflow: any, definition: tie('definition') }, { requiredKeys: [] }), {
                  maxLength: 3,
                }),
              ),
              default: target,
              ...described,
            },
            { requiredKeys: ['kind'] },
          ),
          fc.record(
            {
              kind: fc.constant('conditional'),
              conditions: sometimes(fc.dictionary(fc.constantFrom('x', 'y', '1'), any)),
              workflows: sometimes(fc.dictionary(fc.constantFrom('x', 'y', '1'), target)),
              default: any,
            },
            { requiredKeys: ['kind'] },
          ),
          fc.record(
            {
              kind: fc.constant('composite'),
              strategy: any,
              workflows: sometimes(
                fc.array(fc.record({ id, when, input: any, definition: tie('definition') }, { requiredKeys: [] }), {
                  maxLength: 3,
                }),
              ),
              ...described,
            },
            { requiredKeys: ['kind'] },
          ),
        ),
      };
    });
    await fc.assert(
      fc.asyncProperty(definition, async (value) => {
        expect(Object.keys(await judged(value))).not.toContain('rule-failed');
      }),
      { numRuns: 500 },
    );
  });
});
