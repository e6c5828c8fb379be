import { newId } from '../../src/platform/clock/id.js';
import { WorkflowResolver } from '../../src/workflow/workflow-resolver.js';
import { startApp, type Answer, type RequestParts, type SignedIn, type TestApp } from '../support/app.js';

const node = (id: string, more: object = {}) => ({
  id,
  type: 'model',
  config: { prompt: '{{input.message}}' },
  ...more,
});
const graph = (more: object = {}) => ({ kind: 'graph', nodes: [node('answer')], edges: [], ...more });
/** Has the right structure, and nothing runs it: there is no such type. */
const UNRUNNABLE = graph({ nodes: [node('a', { type: 'teleport' }), node('b', { config: { temperature: 9 } })] });

describe('workflows over HTTP', () => {
  let chatter: TestApp;
  let anna: SignedIn;
  let ben: SignedIn;
  let names = 0;
  let keys = 0;

  beforeAll(async () => {
    chatter = await startApp({ SCRIPTED_TOKEN_MS: '0' });
    anna = await chatter.register();
    ben = await chatter.register();
  });
  afterAll(() => chatter.close());

  const call = (method: string, path: string, parts: RequestParts = {}): Promise<Answer> =>
    chatter.call(method, path, { as: anna, ...parts });
  const newName = (): string => `workflow ${++names}`;
  const pointersOf = ({ body }: Answer, list: 'errors' | 'violations' = 'violations'): string[] =>
    ((body[list] ?? []) as { pointer: string }[]).map(({ pointer }) => pointer).toSorted();

  async function workflow(body: object = {}): Promise<{ id: string; name: string; path: string }> {
    const answer = await call('POST', '/workflows', { body: { name: newName(), definition: graph(), ...body } });
    expect(answer.status).toBe(201);
    return { id: answer.body.id, name: answer.body.name, path: `/workflows/${answer.body.id}` };
  }
  const save = async (path: string, definition: object, headers: Record<string, string> = {}) =>
    call('PUT', `${path}/draft`, { body: { definition }, headers });
  const publish = (path: string, body?: object, headers?: Record<string, string>) =>
    call('POST', `${path}/publish`, { body, headers });

  it('are stored, read where Location says, changed and deleted', async () => {
    const created = await call('POST', '/workflows', {
      body: { name: 'Support triage', description: 'Routes.', tags: ['support'], definition: graph() },
    });
    expect([created.status, created.headers.get('etag')]).toEqual([201, '"1"']);
    expect(created.body).toEqual({
      id: expect.any(String) as string,
      name: 'Support triage',
      description: 'Routes.',
      tags: ['support'],
      definition: graph(),
      publishedVersion: null,
      latestVersion: null,
      createdAt: expect.stringMatching(/\.\d{3}Z$/) as string,
      updatedAt: expect.stringMatching(/\.\d{3}Z$/) as string,
    });
    expect(created.headers.get('location')).toBe(`/api/v1/workflows/${created.body.id}`);
    const path = `/workflows/${created.body.id}`;

    const read = await call('GET', path);
    expect([read.status, read.body, read.headers.get('etag')]).toEqual([200, created.body, '"1"']);

    const changed = await call('PATCH', path, { body: { name: 'Triage', description: null, tags: null } });
    const { description: _, ...others } = created.body;
    expect([changed.status, changed.headers.get('etag')]).toEqual([200, '"2"']);
    expect(changed.body).toEqual({ ...others, name: 'Triage', tags: [], updatedAt: changed.body.updatedAt });
    expect((await call('PATCH', path, { body: { tags: ['x'] } })).body).toMatchObject({ name: 'Triage', tags: ['x'] });

    const saved = await save(path, graph({ output: '{{text}}' }));
    expect([saved.status, saved.headers.get('etag'), saved.body.definition.output]).toEqual([200, '"4"', '{{text}}']);

    expect((await call('DELETE', path)).status).toBe(204);
    for (const [method, target, body] of [
      ['GET', path],
      ['PATCH', path, {}],
      ['DELETE', path],
      ['PUT', `${path}/draft`, { definition: graph() }],
      ['POST', `${path}/publish`],
      ['GET', `${path}/versions`],
      ['GET', `${path}/export`],
    ] as const)
      expect([method, target, (await call(method, target, { body })).status]).toEqual([method, target, 404]);
    expect((await workflow({ name: 'Triage' })).name).toBe('Triage');
  });

  it('are not overwritten by an edit of an older revision', async () => {
    const { path } = await workflow();
    const stale = { 'If-Match': '"1"' };
    const edits = await Promise.all([1, 2, 3].map((n) => save(path, graph({ name: `n${n}` }), stale)));
    expect(edits.map(({ status }) => status).toSorted()).toEqual([200, 412, 412]);
    const refused = [
      await call('PATCH', path, { body: { tags: [] }, headers: stale }),
      await publish(path, {}, stale),
      await call('POST', `${path}/rollback`, { body: { version: 1 }, headers: stale }),
      await call('DELETE', path, { headers: stale }),
    ];
    for (const { status, body, headers } of refused)
      expect([status, body.type, headers.get('etag')]).toEqual([412, '/problems/precondition-failed', '"2"']);
    expect((await publish(path, {}, { 'If-Match': '"2"' })).status).toBe(201);
    expect((await call('DELETE', path, { headers: { 'If-Match': '"3"' } })).status).toBe(204);
  });

  it('are listed newest first, without definitions, searched and filtered', async () => {
    const user = await chatter.register();
    const make = async (body: object) =>
      (await chatter.call('POST', '/workflows', { as: user, body: { definition: graph(), ...body } })).body
        .name as string;
    for (const body of [
      { name: 'One', tags: ['red'] },
      { name: '100% of Two_s', tags: ['red', 'blue'] },
      { name: 'Three', description: 'Answers about ONE thing' },
    ])
      await make(body);
    const list = async (query: string) => (await chatter.call('GET', `/workflows?${query}`, { as: user })).body;
    const found = async (query: string) => (await list(query)).items.map(({ name }: { name: string }) => name);

    const first = await list('limit=2');
    expect(first.items.map(({ name }: { name: string }) => name)).toEqual(['Three', '100% of Two_s']);
    expect(first.items[0]).not.toHaveProperty('definition');
    const second = await list(`limit=2&cursor=${first.nextCursor}`);
    expect([second.items.length, second.nextCursor]).toEqual([1, null]);

    expect(await found('query=one')).toEqual(['Three', 'One']);
    expect(await found('query=%25')).toEqual(['100% of Two_s']);
    expect(await found('query=o_s')).toEqual(['100% of Two_s']);
    expect(await found('tag=red')).toEqual(['100% of Two_s', 'One']);
    expect(await found('tag=red&query=one')).toEqual(['One']);
    expect(await found('tag=re')).toEqual([]);
    expect((await chatter.call('GET', '/workflows?cursor=x', { as: user })).status).toBe(422);
  });

  it('have names of their own', async () => {
    const { name, path } = await workflow();
    const { path: other } = await workflow();
    const create = (body: object) => call('POST', '/workflows', { body: { definition: graph(), ...body } });
    for (const taken of [await create({ name }), await call('PATCH', other, { body: { name } })]) {
      expect([taken.status, taken.body.type]).toEqual([409, '/problems/conflict']);
      expect(taken.body.detail).toContain(name);
    }
    for (const reserved of ['plain', 'basic'])
      for (const answer of [await create({ name: reserved }), await call('PATCH', other, { body: { name: reserved } })])
        expect([answer.status, answer.body.detail]).toEqual([
          409,
          `"${reserved}" is the name of a mode or template. Choose another name.`,
        ]);
    expect((await call('PATCH', path, { body: { name } })).status).toBe(200);
  });

  it.each([
    ['', 422],
    ['  ', 422],
    [' a', 422],
    ['a ', 422],
    ['a@1', 422],
    ['{{x}}', 422],
    ['a\nb', 422],
    ['a\u0007b', 422],
    ['a\u202eb', 422],
    ['a\u200bb', 422],
    ['a\u2028b', 422],
    ['a\0b', 422],
    ['019a1b2c-3d4e-7f50-8a6b-7c8d9e0f1a2b', 422],
    ['019A1B2C-3D4E-7F50-8A6B-7C8D9E0F1A2B', 422],
    ['x'.repeat(101), 422],
    ['x'.repeat(100), 201],
    ['Käse: A/B (v2) 🚀', 201],
    ['日本語 ワークフロー', 201],
    ['__proto__', 201],
    ['draft', 201],
    ["'; DROP TABLE workflow; --", 201],
  ])('may be called %j: %d', async (name, status) => {
    const answer = await call('POST', '/workflows', { body: { name, definition: graph() } });
    expect([answer.status, pointersOf(answer, 'errors')]).toEqual([status, status === 422 ? ['/name'] : []]);
  });

  describe('with a definition', () => {
    const post = (definition: unknown) => call('POST', '/workflows', { body: { name: newName(), definition } });

    it('keep its long form', async () => {
      const short = {
        kind: 'conditional',
        conditions: { queryComplexity: { min: 0.7, max: 1 }, queryType: 'technical_support' },
        workflows: { queryComplexity: { workflow: 'full', parameters: { memoryWindow: 50 } }, queryType: 'tools' },
        default: 'plain',
      };
      const { body } = await post(short);
      expect(body.definition).toEqual({
        kind: 'conditional',
        branches: [
          {
            id: 'queryComplexity',
            when: { queryComplexity: { min: 0.7, max: 1 } },
            workflow: 'full',
            parameters: { memoryWindow: 50 },
          },
          { id: 'queryType', when: { queryType: 'technical_support' }, workflow: 'tools' },
        ],
        default: { workflow: 'plain' },
      });
    });

    it('that is no definition are a 422 that tells every violation and its place', async () => {
      const bad = graph({ nodes: [{ id: '1', type: '' }], edges: [{ from: 'a' }], colour: 1 });
      const { path } = await workflow();
      for (const answer of [await post(bad), await save(path, bad)]) {
        expect([answer.status, answer.body.type]).toEqual([422, '/problems/validation-failed']);
        expect(pointersOf(answer)).toEqual([
          '/definition/colour',
          '/definition/edges/0/to',
          '/definition/nodes/0/id',
          '/definition/nodes/0/type',
        ]);
        expect(answer.body.violations[0]).toEqual({
          code: 'structure',
          severity: 'error',
          pointer: expect.any(String) as string,
          message: expect.stringMatching(/\w/) as string,
          hint: expect.stringMatching(/\w/) as string,
        });
        expect(pointersOf(answer, 'errors')).toEqual(pointersOf(answer));
      }
    });

    it('may be drafts of what cannot run yet', async () => {
      expect((await post(UNRUNNABLE)).status).toBe(201);
    });

    const wide = (count: number) => graph({ nodes: Array.from({ length: count }, (_, index) => node(`n${index}`)) });
    const deep = (levels: number): object =>
      levels === 0
        ? graph()
        : { kind: 'conditional', branches: [{ id: 'a', when: { x: 1 }, definition: deep(levels - 1) }] };
    it.each<[string, unknown, RegExp]>([
      ['no object', 'graph', /^\/definition$/],
      ['a list', [graph()], /^\/definition$/],
      ['101 nodes', wide(101), /^\/definition\/nodes$/],
      ['10,000 nodes', wide(10_000), /^\/definition\/nodes$|^$/],
      ['50 levels', deep(50), /^\/definition\/branches\/0/],
      ['513 KB', graph({ output: 'x'.repeat(513 * 1024) }), /^\/definition$/],
    ])('that is hostile are a 4xx: %s', async (_, definition, pointer) => {
      const answer = await post(definition);
      expect([413, 422]).toContain(answer.status);
      if (answer.status === 422) expect(pointersOf(answer, 'errors').join()).toMatch(pointer);
      if (pointersOf(answer).length > 0) expect(pointersOf(answer)).toEqual(pointersOf(answer, 'errors'));
    });

    it.each([
      ['__proto__', '{"kind":"graph","__proto__":{"nodes":[]},"nodes":[]}', '/definition/__proto__'],
      [
        'constructor',
        '{"kind":"graph","nodes":[{"id":"a","type":"set","config":{"constructor":1}}]}',
        '/definition/nodes/0/config/constructor',
      ],
      ['deep lists', `{"kind":"graph","nodes":[],"output":${'['.repeat(100_000)}${']'.repeat(100_000)}}`, ''],
    ])('with %s in it are a 422', async (_, definition, pointer) => {
      const response = await fetch(`${chatter.url}/api/v1/workflows`, {
        method: 'POST',
        headers: { ...anna.headers, 'Content-Type': 'application/json' },
        body: `{"name":"${newName()}","definition":${definition}}`,
      });
      const problem = (await response.json()) as { errors: { pointer: string }[] };
      expect(response.status).toBe(422);
      if (pointer !== '') expect(problem.errors.map((error) => error.pointer)).toEqual([pointer]);
    });
  });

  describe('when published', () => {
    it('make versions that never change, and are answered where Location says', async () => {
      const { id, path } = await workflow();
      const first = await publish(path, { note: 'The first.' });
      expect([first.status, first.headers.get('location')]).toEqual([201, `/api/v1${path}/versions/1`]);
      expect(first.body).toEqual({
        workflowId: id,
        version: 1,
        definition: graph(),
        hash: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
        note: 'The first.',
        createdBy: anna.user.id,
        createdAt: expect.any(String) as string,
      });
      const draft = graph({ output: 'changed' });
      await save(path, draft);
      expect((await publish(path)).body).toMatchObject({ version: 2, definition: draft });
      expect((await call('GET', `${path}/versions/1`)).body).toEqual(first.body);
      expect((await call('GET', path)).body).toMatchObject({ publishedVersion: 2, latestVersion: 2 });

      const { definition: _, ...summary } = first.body;
      const page = (await call('GET', `${path}/versions?limit=1`)).body;
      expect(page.items).toMatchObject([{ version: 2 }]);
      const rest = (await call('GET', `${path}/versions?limit=1&cursor=${page.nextCursor}`)).body;
      expect(rest).toEqual({ items: [summary], nextCursor: null });
      for (const missing of ['3', '0', '-1', 'x', '1.5', '99999999999', '%20'])
        expect((await call('GET', `${path}/versions/${missing}`)).status).toBe(404);
    });

    it('many times at once make each number once', async () => {
      const { path } = await workflow();
      const answers = await Promise.all(Array.from({ length: 20 }, () => publish(path)));
      expect(answers.map(({ body }) => body.version as number).toSorted((a, b) => a - b)).toEqual(
        Array.from({ length: 20 }, (_, index) => index + 1),
      );
    });

    it('while the draft is saved publish one of the drafts, or tell that it changed', async () => {
      const { path } = await workflow();
      const answers = await Promise.all(
        Array.from({ length: 10 }, (_, index) => [save(path, graph({ name: `n${index}` })), publish(path)]).flat(),
      );
      expect(answers.map(({ status }) => status).filter((status) => ![200, 201, 409].includes(status))).toEqual([]);
      const made = answers.filter(({ status }) => status === 201).map(({ body }) => body.version as number);
      expect(made.toSorted((a, b) => a - b)).toEqual(made.map((_, index) => index + 1));
    });

    it('must be valid: a 422 lists what is wrong, and no version is made', async () => {
      const { path } = await workflow({ definition: UNRUNNABLE });
      const refused = await publish(path);
      expect([refused.status, refused.body.type]).toEqual([422, '/problems/definition-invalid']);
      expect(refused.body.violations.length).toBeGreaterThan(0);
      expect((await call('GET', path)).body).toMatchObject({ publishedVersion: null, latestVersion: null });

      const inner = { kind: 'conditional', branches: [{ id: 'a', when: { x: 1 }, definition: UNRUNNABLE }] };
      const nested = await publish((await workflow({ definition: inner })).path);
      expect(nested.status).toBe(422);
      expect(pointersOf(nested)).toContainEqual(expect.stringMatching(/^\/branches\/0\/definition/));
    });

    it('may be conditional or composite', async () => {
      const conditional = { kind: 'conditional', branches: [{ id: 'a', when: { x: 1 }, workflow: 'plain' }] };
      const composite = { kind: 'composite', strategy: 'parallel', workflows: [{ id: 'a', definition: graph() }] };
      for (const definition of [conditional, composite])
        expect((await publish((await workflow({ definition })).path)).status).toBe(201);
    });

    it('are rolled back and forth by moving what the name runs', async () => {
      const { path, name } = await workflow();
      await publish(path);
      await save(path, graph({ output: 'second' }));
      await publish(path);
      const rollback = (version: unknown) => call('POST', `${path}/rollback`, { body: { version } });
      const back = await rollback(1);
      expect([back.status, back.body.publishedVersion, back.body.latestVersion]).toEqual([200, 1, 2]);
      expect([back.headers.get('etag'), back.body.definition.output]).toEqual(['"5"', 'second']);
      const resolver = chatter.app.get(WorkflowResolver, { strict: false });
      const resolved = async () => (await resolver.resolve(anna.user.personalWorkspaceId, name, {})).version;
      expect(await resolved()).toBe(1);
      await rollback(2);
      expect(await resolved()).toBe(2);
      expect((await rollback(3)).status).toBe(404);
      expect((await publish(path)).body.version).toBe(3);
      for (const version of [0, -1, 1.5, '1', null, 3_000_000_000]) expect((await rollback(version)).status).toBe(422);
    });
  });

  it('run by name what is published, by name@version that version, and tell the remedy when they cannot', async () => {
    const { id, path, name } = await workflow({ definition: graph({ output: { text: 'one' } }) });
    const chat = async (reference: string) =>
      chatter.call('POST', '/chat', { as: anna, body: { message: 'Hello', workflow: reference } });
    const unpublished = await chat(name);
    expect([unpublished.status, unpublished.body.type]).toEqual([409, '/problems/workflow-unpublished']);
    expect(unpublished.body.detail).toContain(`${path}/publish`);
    expect((await chat(`${name}@draft`)).body.message.content).toBe('one');

    await publish(path);
    await save(path, graph({ output: { text: 'two' } }));
    await publish(path);
    expect((await chat(name)).body).toMatchObject({
      message: { content: 'two' },
      run: { workflow: { id, name, version: 2 } },
    });
    expect((await chat(`${name}@1`)).body.message.content).toBe('one');
    expect((await chat(id)).body.message.content).toBe('two');
    const missing = await chat(`${name}@9`);
    expect([missing.status, missing.body.type]).toEqual([404, '/problems/workflow-unknown']);
    const foreign = await chatter.call('POST', '/chat', { as: ben, body: { message: 'Hello', workflow: id } });
    expect(foreign.status).toBe(404);
  });

  it('are compared by version and draft', async () => {
    const { path } = await workflow();
    await publish(path);
    const changed = graph({
      nodes: [node('first', { type: 'memory', config: {} }), node('answer', { config: { prompt: 'Say hello' } })],
      edges: [{ from: 'first', to: 'answer' }],
    });
    await save(path, changed);
    const diff = (query: string) => call('GET', `${path}/diff?${query}`);
    const answer = await diff('from=1&to=draft');
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({
      isEqual: false,
      nodes: {
        added: [node('first', { type: 'memory', config: {} })],
        removed: [],
        changed: [
          { id: 'answer', changes: [{ pointer: '/config/prompt', before: '{{input.message}}', after: 'Say hello' }] },
        ],
      },
      edges: { added: [{ from: 'first', to: 'answer', port: 'next' }], removed: [] },
      branches: { added: [], removed: [], changed: [] },
      children: { added: [], removed: [], changed: [] },
      members: [],
    });
    expect((await diff('from=1&to=1')).body.isEqual).toBe(true);
    expect((await diff('from=1&to=2')).status).toBe(404);
    for (const query of ['', 'from=1', 'to=draft', 'from=0&to=1', 'from=x&to=1', 'from=1&to=Draft', 'from=1&to=1&x=1'])
      expect([query, (await diff(query)).status]).toEqual([query, 422]);
  });

  describe('as a document', () => {
    it('come back as they went, and run nothing', async () => {
      const { path, name } = await workflow({
        description: 'Für alle.',
        tags: ['a', 'b'],
        definition: { kind: 'composite', strategy: 'sequential', workflows: [{ id: 'x', workflow: 'not there' }] },
      });
      const exported = await call('GET', `${path}/export`);
      expect([exported.status, exported.headers.get('content-disposition')]).toEqual([
        200,
        expect.stringContaining(`filename="${name}.json"`),
      ]);
      expect(exported.body).toMatchObject({ format: 'chatter-workflow', version: 1, name, description: 'Für alle.' });

      const before = (await call('GET', '/runs')).body.items.length as number;
      const imported = await chatter.call('POST', '/workflows/import', { as: ben, body: exported.body });
      expect([imported.status, imported.headers.get('etag')]).toEqual([201, '"1"']);
      expect(imported.headers.get('location')).toBe(`/api/v1/workflows/${imported.body.id}`);
      expect(imported.body).toMatchObject({ name, publishedVersion: null, latestVersion: null });
      const again = await chatter.call('GET', `/workflows/${imported.body.id}/export`, { as: ben });
      expect(again.body).toEqual(exported.body);
      expect((await call('GET', '/runs')).body.items).toHaveLength(before);
    });

    it('take another name where theirs is taken', async () => {
      const { path, name } = await workflow();
      const { body: document } = await call('GET', `${path}/export`);
      const taken = await call('POST', '/workflows/import', { body: document });
      expect([taken.status, taken.body.type]).toEqual([409, '/problems/conflict']);
      const other = await call('POST', `/workflows/import?name=${encodeURIComponent(`${name} (copy)`)}`, {
        body: document,
      });
      expect([other.status, other.body.name]).toEqual([201, `${name} (copy)`]);
      expect((await call('POST', '/workflows/import?name=plain', { body: document })).status).toBe(409);
      expect((await call('POST', '/workflows/import?name=a@b', { body: document })).status).toBe(422);
    });

    it.each<[string, object, string]>([
      ['another format', { format: 'n8n' }, '/format'],
      ['a later version', { version: 2 }, '/version'],
      ['no definition', { definition: undefined }, '/definition'],
      ['a bad definition', { definition: graph({ nodes: [] }) }, '/definition/nodes'],
      ['more than belongs there', { webhook: 'https://example.com' }, '/webhook'],
    ])('are a 422 with %s', async (_, parts, pointer) => {
      const document = { format: 'chatter-workflow', version: 1, name: newName(), tags: [], definition: graph() };
      const answer = await call('POST', '/workflows/import', { body: { ...document, ...parts } });
      expect([answer.status, pointersOf(answer, 'errors')]).toEqual([422, [pointer]]);
    });
  });

  describe('made with an Idempotency-Key', () => {
    const twice = async (path: string, body: object) => {
      const headers = { 'Idempotency-Key': `key-${++keys}` };
      const first = await call('POST', path, { body, headers });
      const second = await call('POST', path, { body, headers });
      expect([first.status, second.status]).toEqual([201, 201]);
      expect([second.body, second.headers.get('location')]).toEqual([first.body, first.headers.get('location')]);
      expect((await call('POST', path, { body: { ...body, x: 1 }, headers })).status).toBe(422);
      return first;
    };

    it('are made, published and imported once', async () => {
      const { body } = await twice('/workflows', { name: newName(), definition: graph() });
      const path = `/workflows/${body.id}`;
      await twice(`${path}/publish`, { note: 'Once.' });
      expect((await call('GET', `${path}/versions`)).body.items).toHaveLength(1);
      const { body: document } = await call('GET', `${path}/export`);
      await twice('/workflows/import', { ...document, name: newName() });
    });

    it('of many at once are made once, and what was refused may be sent again', async () => {
      const { path } = await workflow();
      const headers = { 'Idempotency-Key': `key-${++keys}` };
      const answers = await Promise.all(Array.from({ length: 10 }, () => publish(path, {}, headers)));
      expect(answers.map(({ status }) => status).filter((status) => status !== 201 && status !== 409)).toEqual([]);
      expect((await call('GET', `${path}/versions`)).body.items).toHaveLength(1);

      const { path: bad } = await workflow({ definition: UNRUNNABLE });
      const key = { 'Idempotency-Key': `key-${++keys}` };
      expect((await publish(bad, {}, key)).status).toBe(422);
      await save(bad, graph());
      expect((await publish(bad, {}, key)).status).toBe(201);

      const { path: other, name } = await workflow();
      const body = { name, definition: graph() };
      const taken = { 'Idempotency-Key': `key-${++keys}` };
      expect((await call('POST', '/workflows', { body, headers: taken })).status).toBe(409);
      await call('DELETE', other);
      expect((await call('POST', '/workflows', { body, headers: taken })).status).toBe(201);
    });
  });

  const routes = (id: string): readonly (readonly [method: string, path: string, body?: object])[] => [
    ['GET', `/workflows/${id}`],
    ['GET', `/workflows/${id}/versions`],
    ['GET', `/workflows/${id}/versions/1`],
    ['GET', `/workflows/${id}/diff?from=1&to=draft`],
    ['GET', `/workflows/${id}/export`],
    ['PATCH', `/workflows/${id}`, { name: 'Taken' }],
    ['PUT', `/workflows/${id}/draft`, { definition: graph() }],
    ['POST', `/workflows/${id}/publish`, {}],
    ['POST', `/workflows/${id}/rollback`, { version: 1 }],
    ['DELETE', `/workflows/${id}`],
  ];

  it('of another workspace look like missing ones', async () => {
    const { id, path } = await workflow();
    await publish(path);
    const missingId = newId();
    for (const [index, [method, target, body]] of routes(id).entries()) {
      const foreign = await chatter.call(method, target, { as: ben, body });
      const missing = await chatter.call(method, routes(missingId)[index]![1], { as: ben, body });
      expect([method, target, foreign.status]).toEqual([method, target, 404]);
      const neutral = (problem: object) => JSON.stringify({ ...problem, traceId: '' }).replaceAll(missingId, id);
      expect(neutral(foreign.body)).toBe(neutral(missing.body));
    }
    expect((await call('GET', path)).headers.get('etag')).toBe('"2"');
  });

  it('are read by viewers and changed by editors', async () => {
    const team = await call('POST', '/workspaces', { body: { name: 'Team' } });
    const inTeam = { 'X-Workspace-Id': team.body.id as string };
    const viewer = await chatter.register();
    await call('POST', `/workspaces/${team.body.id}/members`, { body: { email: viewer.user.email, role: 'viewer' } });
    const created = await call('POST', '/workflows', {
      headers: inTeam,
      body: { name: 'Shared', definition: graph() },
    });
    const { id } = created.body as { id: string };
    await call('POST', `/workflows/${id}/publish`, { headers: inTeam });
    const asViewer = { as: viewer, headers: inTeam };

    for (const [method, path, body] of [
      ...routes(id),
      ['GET', '/workflows'],
      ['POST', '/workflows', { name: 'Mine', definition: graph() }],
      ['POST', '/workflows/import', {}],
    ] as const) {
      const { status } = await chatter.call(method, path, { ...asViewer, body });
      expect([method, path, status]).toEqual([method, path, method === 'GET' ? 200 : 403]);
    }

    const keyOf = async (...scopes: string[]) => {
      const { body } = await call('POST', '/auth/api-keys', { body: { name: 'k', scopes } });
      return { as: { headers: { Authorization: `Bearer ${body.key}` } }, headers: inTeam };
    };
    const [reader, stranger] = [await keyOf('workflows:read'), await keyOf('runs:write')];
    expect((await chatter.call('GET', `/workflows/${id}`, reader)).status).toBe(200);
    expect((await chatter.call('POST', `/workflows/${id}/publish`, reader)).status).toBe(403);
    expect((await chatter.call('GET', `/workflows/${id}`, stranger)).status).toBe(403);
    expect((await chatter.call('GET', `/workflows/${id}`)).status).toBe(401);
  });
});
