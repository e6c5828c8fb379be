import { startApp, type SignedIn, type TestApp } from '../support/app.js';
import { graph, node, single } from '../support/validation.js';

describe('validating a workflow', () => {
  let chatter: TestApp;
  let anna: SignedIn;

  beforeAll(async () => {
    chatter = await startApp();
    anna = await chatter.register();
  });

  afterAll(() => chatter.close());

  const validate = async (definition: unknown) => {
    const answer = await chatter.call('POST', '/workflows/validate', { as: anna, body: { definition } });
    expect([answer.status, answer.body.type]).toEqual([200, undefined]);
    return answer.body as {
      readonly valid: boolean;
      readonly violations: readonly Readonly<Record<'code' | 'severity' | 'pointer' | 'message' | 'hint', string>>[];
    };
  };
  const found = async (definition: unknown) =>
    (await validate(definition)).violations.map(({ code, severity, pointer }) => `${code} ${severity} ${pointer}`);

  it('answers that a good one is valid', async () => {
    const definition = graph(
      [
        node('memory', 'memory'),
        node('choose', 'switch', { branches: [{ port: 'hard', when: { queryComplexity: { min: 0.7, max: 1 } } }] }),
        node('think', 'model', { prompt: '{{input.message}}', output: 'answer' }),
        node('reply', 'model', { prompt: 'Explain "DROP TABLE users;" to {{user.id}}.', output: 'answer' }),
      ],
      ['memory -> choose', 'choose hard -> think', 'choose default -> reply'],
      {
        output: { text: '{{answer}}' },
        input: { type: 'object', properties: { message: { type: 'string' }, queryComplexity: { type: 'number' } } },
      },
    );
    expect(await validate(definition)).toEqual({ valid: true, violations: [] });
    const routing = {
      kind: 'conditional',
      conditions: { queryComplexity: { min: 0.7, max: 1 }, queryType: 'technical_support' },
      workflows: { queryComplexity: { workflow: 'plain', parameters: { memoryWindow: 50 } }, queryType: 'basic' },
      default: 'plain',
    };
    expect(await validate(routing)).toEqual({ valid: true, violations: [] });
  });

  it('answers everything that is wrong at once', async () => {
    const definition = graph(
      [
        node('a', 'modle'),
        node('b', 'model', { temperature: 7, model: 'nobody:x', prompt: '{{nodes.c.output}} {{input.__proto__}}' }),
        node('c', 'http', { url: 'http://169.254.169.254/' }),
      ],
      ['a -> b', 'b -> c', 'c -> b', 'c -> nowhere'],
      { limits: { maxTokens: 100_000_000 }, input: { type: 'nope' } },
    );
    const { valid, violations } = await validate(definition);
    expect(valid).toBe(false);
    expect(violations[0]).toEqual({
      code: expect.any(String),
      severity: 'error',
      pointer: expect.stringMatching(/^\//),
      message: expect.stringMatching(/\w/),
      hint: expect.stringMatching(/\w/),
    });
    expect(new Set(violations.map(({ code }) => code))).toEqual(
      new Set([
        'cycle',
        'dangling-edge',
        'egress-refused',
        'invalid-config',
        'invalid-input-schema',
        'limit-too-high',
        'prototype-path',
        'unknown-model',
        'unknown-node-type',
      ]),
    );
  });

  it('checks workflows that are named, and their parameters', async () => {
    const branch = { id: 'a', when: { x: 1 } };
    expect(
      await found({
        kind: 'conditional',
        branches: [{ ...branch, workflow: 'nope' }],
        default: { workflow: 'plain', parameters: { memoryWindow: 1_000, foo: 1 } },
      }),
    ).toEqual([
      'unknown-workflow error /branches/0/workflow',
      'invalid-parameters error /default/parameters/foo',
      'invalid-parameters error /default/parameters/memoryWindow',
    ]);
  });

  it('answers what no other route would read: too many, too deep, too strange', async () => {
    const many = Array.from({ length: 10_000 }, (_, index) => node(`n${index}`, 'nope'));
    const codes = async (definition: unknown) =>
      new Set((await validate(definition)).violations.map(({ code }) => code));
    expect(await codes(graph(many))).toEqual(new Set(['too-many-nodes', 'unknown-node-type', 'more-violations']));
    const deep = Array.from({ length: 50 }).reduce<object>(
      (inner) => ({ kind: 'composite', strategy: 'parallel', workflows: [{ id: 'a', definition: inner }] }),
      single(),
    );
    expect(await codes(deep)).toContain('too-deep');
    expect(await codes(JSON.parse('{"kind":"graph","__proto__":1,"nodes":[{"id":"a","type":"model"}]}'))).toContain(
      'invalid-structure',
    );
    for (const definition of [null, 1, 'graph', [], {}])
      expect(await found(definition)).toEqual(['invalid-structure error ']);
  });

  it('is still a request like others', async () => {
    const send = (body: unknown, headers?: Record<string, string>) =>
      chatter.call('POST', '/workflows/validate', { as: anna, body, headers });
    expect((await send({})).body).toMatchObject({
      status: 422,
      type: '/problems/validation-failed',
      errors: [{ pointer: '/definition' }],
    });
    expect((await send([])).body).toMatchObject({ status: 422, errors: [{ pointer: '' }] });
    expect((await send({ definition: single(), more: 1 })).body).toMatchObject({
      status: 422,
      errors: [{ pointer: '/more' }],
    });
    expect((await send(undefined)).body).toMatchObject({ status: 422, errors: [{ pointer: '/definition' }] });
    expect((await send({ definition: 'x'.repeat(1_100_000) })).body).toMatchObject({ status: 413 });
    expect((await send({ definition: single() }, { 'Content-Type': 'text/plain' })).body).toMatchObject({
      status: 415,
    });
    expect((await send({ definition: single() }, { 'Idempotency-Key': 'same' })).status).toBe(200);
    expect((await send({ definition: {} }, { 'Idempotency-Key': 'same' })).body).toMatchObject({ valid: false });
    expect((await chatter.call('POST', '/workflows/validate', { body: { definition: single() } })).status).toBe(401);
  });

  it('tells which types of nodes there are, with their forms and ports', async () => {
    const { status, body } = await chatter.call('GET', '/node-types', { as: anna });
    expect(status).toBe(200);
    const types = body.items as readonly Readonly<Record<string, unknown>>[];
    expect(types.map(({ type }) => type)).toEqual(expect.arrayContaining(['http', 'memory', 'model', 'switch']));
    expect(types.find(({ type }) => type === 'model')).toMatchObject({
      title: 'Model',
      description: expect.stringMatching(/\w/),
      configSchema: {
        type: 'object',
        additionalProperties: false,
        properties: { temperature: { type: 'number', minimum: 0, maximum: 2 } },
      },
      ports: ['next'],
      dynamicPorts: false,
    });
    const choice = types.find(({ type }) => type === 'switch');
    expect(choice).toMatchObject({ dynamicPorts: true, configSchema: { required: ['branches'] } });
    expect((await chatter.call('GET', '/node-types')).status).toBe(401);
  });
});
