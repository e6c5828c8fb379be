import { startApp, type Answer, type SignedIn, type TestApp } from '../support/app.js';

const BUILT_IN = [
  'code_assistant',
  'customer_support',
  'data_analyst',
  'document_qa',
  'full',
  'general_chat',
  'plain',
  'rag',
  'research_assistant',
  'tools',
];

const GRAPH = {
  kind: 'graph',
  nodes: [{ id: 'm', type: 'model', config: { system: 'My name is {{input.name}}.' } }],
  output: { text: '{{text}}' },
};
const NAMED = {
  type: 'object',
  properties: { name: { type: 'string', minLength: 2, maxLength: 50, default: 'Rosalind' } },
};

describe('templates', () => {
  let chatter: TestApp;
  let anna: SignedIn;

  beforeAll(async () => {
    chatter = await startApp({ SCRIPTED_TOKEN_MS: '0' });
  });

  beforeEach(async () => {
    anna = await chatter.register();
  });

  afterAll(() => chatter.close());

  const call = (method: string, path: string, body?: object, headers?: Record<string, string>): Promise<Answer> =>
    chatter.call(method, `/templates${path}`, { as: anna, body, headers });
  const create = (body: object): Promise<Answer> => call('POST', '', body);
  const chat = (body: object): Promise<Answer> => chatter.call('POST', '/chat', { as: anna, body });
  const asks = async (workflow: string, more: object = {}): Promise<string> =>
    (await chat({ message: 'What is my name?', workflow, ...more })).body.message?.content;
  const refused = ({ status, body }: Answer): [number, string] => [status, body.type];
  const pointersOf = ({ body }: Answer): string[] =>
    (body.errors ?? []).map(({ pointer }: { pointer: string }) => pointer).sort();

  describe('that are built in', () => {
    it('are listed first, and each can be read', async () => {
      const { status, body } = await call('GET', '?limit=100');
      expect(status).toBe(200);
      expect(body).toEqual({ items: expect.any(Array), nextCursor: null });
      expect(body.items.map(({ name }: { name: string }) => name)).toEqual(BUILT_IN);
      for (const item of body.items) {
        const one = await call('GET', `/${item.name}`);
        expect([one.status, one.body]).toEqual([200, expect.objectContaining(item)]);
        expect(one.body.parameterSchema).toMatchObject({ type: 'object', additionalProperties: false });
        expect(one.headers.get('etag')).toBeNull();
      }
    });

    it('say what they take and whether what they need is there', async () => {
      const { body } = await call('GET', '/customer_support');
      expect(body).toMatchObject({
        name: 'customer_support',
        builtIn: true,
        locked: [],
        defaults: {
          mode: 'full',
          memoryWindow: 50,
          maxToolCalls: 5,
          tools: ['searchKnowledge', 'createTicket', 'escalate'],
        },
        parameterSchema: { properties: { memoryWindow: { type: 'integer', minimum: 1, maximum: 100, default: 50 } } },
      });
      expect(body.parameters).toEqual(body.defaults);
      expect(Object.keys(body.requirements).sort()).toEqual([
        'met',
        'missingCollections',
        'missingNodeTypes',
        'missingTools',
      ]);
      const plain = await call('GET', '/basic');
      expect(plain.body).toMatchObject({ name: 'plain', aliases: ['basic'], requirements: { met: true } });
    });

    it('answer a turn by name, with their system message or that of the turn', async () => {
      expect(await asks('general_chat')).toBe('You have not told me your name in this conversation.');
      expect(await asks('general_chat', { systemMessage: 'My name is Ada.' })).toBe('Your name is Ada.');
      const run = await chat({ message: 'Hello', workflow: 'general_chat', tools: ['calculator'], memoryWindow: 3 });
      expect(run.body.run).toMatchObject({ status: 'succeeded', workflow: { name: 'general_chat' } });
      expect(run.body.run.input).toMatchObject({ message: 'Hello', memoryWindow: 3, model: 'scripted:default' });
    });

    it('are neither changed, deleted, exported nor shadowed', async () => {
      for (const name of ['plain', 'basic', 'customer_support']) {
        const answers = [
          await call('PUT', `/${name}`, { extends: 'rag' }),
          await call('DELETE', `/${name}`),
          await call('GET', `/${name}/export`),
          await create({ name, extends: 'rag' }),
        ];
        expect(answers.map(refused)).toEqual(answers.map(() => [409, '/problems/conflict']));
      }
      expect(refused(await call('GET', '/plain?version=1'))).toEqual([404, '/problems/not-found']);
    });
  });

  describe('of a workspace', () => {
    it('extend another with defaults of their own', async () => {
      const made = await create({
        name: 'house',
        extends: 'general_chat',
        title: 'House',
        description: 'Ours.',
        parameters: { systemMessage: 'My name is Grace.', memoryWindow: 9 },
      });
      expect(made.status).toBe(201);
      expect([made.headers.get('location'), made.headers.get('etag')]).toEqual(['/api/v1/templates/house', '"1"']);
      expect(made.body).toMatchObject({
        name: 'house',
        title: 'House',
        description: 'Ours.',
        builtIn: false,
        extends: 'general_chat',
        version: 1,
        latestVersion: 1,
        parameters: { memoryWindow: 9 },
        defaults: { mode: 'plain', memoryWindow: 9, tools: '*' },
        requirements: { met: true },
      });
      expect((await call('GET', '/house')).body).toEqual(made.body);
      expect((await call('GET', '')).body.items.at(-1)).toMatchObject({
        name: 'house',
        version: 1,
        extends: 'general_chat',
      });
      expect(await asks('house')).toBe('Your name is Grace.');
      expect(await asks('house', { systemMessage: 'My name is Ada.' })).toBe('Your name is Ada.');
    });

    it('tell the model their texts to the letter, whatever these look like', async () => {
      const text = 'My name is {{input.message}}';
      await create({ name: 'literal', extends: 'general_chat', parameters: { systemMessage: text } });
      expect(await asks('literal')).toBe('You have not told me your name in this conversation.');
      const own = { name: 'own', definition: GRAPH, parameterSchema: NAMED, parameters: { name: '{{input.message}}' } };
      await create(own);
      expect(await asks('own')).toBe('You have not told me your name in this conversation.');
    });

    it('bring a definition of their own, with parameters it names', async () => {
      const made = await create({ name: 'own', definition: GRAPH, parameterSchema: NAMED });
      expect(made.body).toMatchObject({
        defaults: { name: 'Rosalind' },
        definition: { kind: 'graph', nodes: [{ id: 'm', type: 'model' }] },
        parameterSchema: { properties: { name: { default: 'Rosalind' } }, additionalProperties: false },
      });
      expect(await asks('own')).toBe('Your name is Rosalind.');
      expect(await asks('own', { parameters: { name: 'Lise' } })).toBe('Your name is Lise.');
      expect(await asks('own', { memoryWindow: 4, systemMessage: 'Be brief.' })).toBe('Your name is Rosalind.');
      expect(pointersOf(await chat({ message: 'Hi', workflow: 'own', parameters: { name: 'X', colour: 1 } }))).toEqual([
        '/parameters/colour',
        '/parameters/name',
      ]);
    });

    it('lock parameters against every caller', async () => {
      const parameters = { systemMessage: 'My name is Grace.', memoryWindow: 9 };
      await create({ name: 'firm', extends: 'plain', parameters, locked: ['systemMessage'] });
      expect((await call('GET', '/firm')).body).toMatchObject({
        locked: ['systemMessage'],
        parameterSchema: { properties: { systemMessage: { const: 'My name is Grace.' } } },
      });
      expect(pointersOf(await chat({ message: 'Hi', workflow: 'firm', systemMessage: 'Be rude.' }))).toEqual([
        '/parameters/systemMessage',
      ]);
      expect(await asks('firm', { memoryWindow: 3 })).toBe('Your name is Grace.');
      expect(pointersOf(await create({ name: 'heir', extends: 'firm', parameters: { systemMessage: 'x' } }))).toEqual([
        '/parameters/systemMessage',
      ]);
    });

    it('keep every version; a reference names one', async () => {
      const named = (name: string) => ({ extends: 'plain', parameters: { systemMessage: `My name is ${name}.` } });
      await create({ name: 'house', ...named('Ada') });
      const second = await call('PUT', '/house', named('Grace'));
      expect([second.status, second.headers.get('etag'), second.body.version]).toEqual([200, '"2"', 2]);
      const first = await call('GET', '/house?version=1');
      expect(first.body).toMatchObject({ version: 1, latestVersion: 2, parameters: named('Ada').parameters });
      expect(await asks('house')).toBe('Your name is Grace.');
      expect(await asks('house@1')).toBe('Your name is Ada.');
      const turn = await chat({ message: 'Hi', workflow: 'house@1' });
      expect(turn.body.run.workflow).toEqual({ name: 'house', version: 1, hash: expect.any(String) });
      expect(refused(await chat({ message: 'Hi', workflow: 'house@3' }))).toEqual([404, '/problems/workflow-unknown']);
      expect(refused(await call('GET', '/house?version=3'))).toEqual([404, '/problems/not-found']);
    });

    it('are changed and deleted only while they are as expected', async () => {
      await create({ name: 'house', extends: 'plain' });
      const body = { extends: 'plain', title: 'New' };
      expect((await call('PUT', '/house', body, { 'If-Match': '"1"' })).status).toBe(200);
      const stale = await call('PUT', '/house', body, { 'If-Match': '"1"' });
      expect([...refused(stale), stale.headers.get('etag')]).toEqual([412, '/problems/precondition-failed', '"2"']);
      expect(refused(await call('DELETE', '/house', undefined, { 'If-Match': '"1"' }))[0]).toBe(412);
      expect((await call('DELETE', '/house', undefined, { 'If-Match': '"2"' })).status).toBe(204);
      expect((await call('GET', '/house')).status).toBe(404);
    });

    it('are not deleted while others extend them', async () => {
      await create({ name: 'a', extends: 'plain' });
      await create({ name: 'b', extends: 'a' });
      const { status, body } = await call('DELETE', '/a');
      expect([status, body.type, body.extendedBy]).toEqual([409, '/problems/conflict', ['b']]);
      expect(body.detail).toContain('b');
    });

    it('have names that are free', async () => {
      await create({ name: 'house', extends: 'plain' });
      expect(refused(await create({ name: 'house', extends: 'rag' }))).toEqual([409, '/problems/conflict']);
    });

    const faults: readonly [string, object, string[]][] = [
      ['neither base nor definition', { name: 'x' }, ['']],
      ['both', { name: 'x', extends: 'plain', definition: GRAPH }, ['']],
      ['an unknown base', { name: 'x', extends: 'nothing' }, ['/extends']],
      ['itself as base', { name: 'x', extends: 'x' }, ['/extends']],
      ['no name', { extends: 'plain' }, ['/name']],
      ['a name with capitals', { name: 'House', extends: 'plain' }, ['/name']],
      ['a name that is an id', { name: 'a19a1b2c-3d4e-7f50-8a6b-7c8d9e0f1a2b', extends: 'plain' }, ['/name']],
      ['a name with a version', { name: 'x@1', extends: 'plain' }, ['/name']],
      ['an unknown field', { name: 'x', extends: 'plain', colour: 1 }, ['/colour']],
      ['an unknown parameter', { name: 'x', extends: 'plain', parameters: { colour: 1 } }, ['/parameters/colour']],
      [
        'parameters that do not fit',
        { name: 'x', extends: 'rag', parameters: { maxDocuments: 0, memoryWindow: 101 } },
        ['/parameters/maxDocuments', '/parameters/memoryWindow'],
      ],
      ['a lock on nothing', { name: 'x', extends: 'plain', locked: ['colour'] }, ['/locked/0']],
      ['a schema without a definition', { name: 'x', extends: 'plain', parameterSchema: NAMED }, ['/parameterSchema']],
      [
        'a schema with a pattern',
        {
          name: 'x',
          definition: GRAPH,
          parameterSchema: { type: 'object', properties: { a: { type: 'string', pattern: '(a+)+$' } } },
        },
        ['/parameterSchema/properties/a/pattern'],
      ],
      [
        'a default that does not fit its schema',
        { name: 'x', definition: GRAPH, parameterSchema: NAMED, parameters: { name: 'X' } },
        ['/parameters/name'],
      ],
      ['a definition that is none', { name: 'x', definition: { kind: 'graph', nodes: [] } }, ['/definition/nodes']],
    ];

    it.each(faults)('are refused with %s', async (_, body, pointers) => {
      const answer = await create(body);
      expect([...refused(answer), pointersOf(answer)]).toEqual([422, '/problems/validation-failed', pointers]);
      expect((await call('GET', '')).body.items).toHaveLength(BUILT_IN.length);
    });
  });

  describe('as files', () => {
    it('come back as they were', async () => {
      const own = { name: 'base', definition: GRAPH, parameterSchema: NAMED, description: 'Own.' };
      await create(own);
      await create({ name: 'heir', extends: 'base', parameters: { name: 'Lise' }, locked: ['name'] });
      const file = await call('GET', '/heir/export');
      expect(file.status).toBe(200);
      expect(file.headers.get('content-disposition')).toContain('filename="heir.json"');
      const before = (await call('GET', '/heir')).body;
      for (const name of ['heir', 'base']) expect((await call('DELETE', `/${name}`)).status).toBe(204);

      const imported = await call('POST', '/import', file.body);
      expect([imported.status, imported.headers.get('location')]).toEqual([201, '/api/v1/templates/heir']);
      const times = { createdAt: expect.any(String), updatedAt: expect.any(String) };
      expect(imported.body).toEqual({ ...before, ...times });
      expect((await call('GET', '/heir/export')).body).toEqual(file.body);
      expect(await asks('heir')).toBe('Your name is Lise.');
    });

    it('are refused when they are none, or say something else of a name', async () => {
      await create({ name: 'house', extends: 'plain' });
      const file = (await call('GET', '/house/export')).body;
      await call('PUT', '/house', { extends: 'plain', title: 'Other' });
      expect(refused(await call('POST', '/import', file))).toEqual([409, '/problems/conflict']);
      expect(pointersOf(await call('POST', '/import', { ...file, format: 'zip' }))).toEqual(['/format']);
      expect(pointersOf(await call('POST', '/import', { ...file, templates: [] }))).toEqual(['/templates']);
      const templates = [{ ...file.templates[0], name: 'x', colour: 1 }];
      expect(pointersOf(await call('POST', '/import', { ...file, templates }))).toEqual(['/templates/0/colour']);
      expect(
        refused(await call('POST', '/import', { ...file, templates: [{ name: 'plain', extends: 'rag' }] }))[0],
      ).toBe(409);
    });
  });

  describe('are checked', () => {
    it('against parameters, all faults at once and nothing made', async () => {
      const good = await call('POST', '/rag/validate', { parameters: { maxDocuments: 3 } });
      expect([good.status, good.body]).toEqual([
        200,
        expect.objectContaining({
          valid: true,
          violations: [],
          parameters: { memory: true, memoryWindow: 20, maxDocuments: 3 },
        }),
      ]);
      const bad = await call('POST', '/rag/validate', { parameters: { maxDocuments: 0, colour: 1 } });
      expect([bad.status, bad.body.valid]).toEqual([200, false]);
      expect(bad.body.violations.map(({ pointer }: { pointer: string }) => pointer).sort()).toEqual([
        '/parameters/colour',
        '/parameters/maxDocuments',
      ]);
      expect(bad.body.violations[0]).toEqual({
        code: expect.any(String),
        severity: 'error',
        pointer: expect.any(String),
        message: expect.any(String),
        hint: expect.any(String),
      });
      expect((await call('POST', '/plain/validate', {})).body.valid).toBe(true);
      expect((await call('POST', '/plain@1/validate', {})).status).toBe(404);
      expect((await call('POST', '/nothing/validate', {})).status).toBe(404);
    });

    it('against what the server and the workspace have', async () => {
      await create({ name: 'agents', extends: 'tools', parameters: { tools: ['noSuchTool'] } });
      const { requirements } = (await call('GET', '/agents')).body;
      expect(requirements).toMatchObject({ met: false, missingTools: ['noSuchTool'] });
      for (const answer of [
        await chat({ message: 'Hi', workflow: 'agents' }),
        await call('POST', '/agents/instantiate', { name: 'x' }),
      ]) {
        expect(refused(answer)).toEqual([422, '/problems/requirements-unmet']);
        expect(answer.body.missingTools).toEqual(['noSuchTool']);
        expect(answer.body.detail).toContain('noSuchTool');
      }
    });

    it('before they are instantiated', async () => {
      const parameters = { memoryWindow: 0, colour: 1 };
      expect(pointersOf(await call('POST', '/plain/instantiate', { name: 'x', parameters }))).toEqual([
        '/parameters/colour',
        '/parameters/memoryWindow',
      ]);
      expect(pointersOf(await call('POST', '/plain/instantiate', {}))).toEqual(['/name']);
      expect((await call('POST', '/nothing/instantiate', { name: 'x' })).status).toBe(404);
    });
  });

  it('of another workspace are not there', async () => {
    await create({ name: 'house', extends: 'plain' });
    const ben = await chatter.register();
    const theirs = (method: string, path: string, body?: object): Promise<Answer> =>
      chatter.call(method, `/templates${path}`, { as: ben, body });
    const answers = [
      await theirs('GET', '/house'),
      await theirs('PUT', '/house', { extends: 'plain' }),
      await theirs('DELETE', '/house'),
      await theirs('GET', '/house/export'),
      await theirs('POST', '/house/validate', {}),
      await theirs('POST', '/house/instantiate', { name: 'x' }),
    ];
    expect(answers.map(refused)).toEqual(answers.map(() => [404, '/problems/not-found']));
    const turn = await chatter.call('POST', '/chat', { as: ben, body: { message: 'Hi', workflow: 'house' } });
    expect(refused(turn)).toEqual([404, '/problems/workflow-unknown']);
    expect((await theirs('GET', '')).body.items).toHaveLength(BUILT_IN.length);
    expect((await call('GET', '/house')).status).toBe(200);
  });

  it('are read by viewers and written by editors, with keys that carry the scope', async () => {
    const ben = await chatter.register();
    const workspace = (await chatter.call('POST', '/workspaces', { as: anna, body: { name: 'Shared' } })).body
      .id as string;
    const member = { email: ben.user.email, role: 'viewer' };
    await chatter.call('POST', `/workspaces/${workspace}/members`, { as: anna, body: member });
    const headers = { 'X-Workspace-Id': workspace };
    const body = { name: 'house', extends: 'plain' };
    const by = (method: string, path: string, sent?: object): Promise<Answer> =>
      chatter.call(method, `/templates${path}`, { as: ben, body: sent, headers });
    expect((await call('POST', '', body, headers)).status).toBe(201);
    expect([(await by('GET', '/house')).status, (await by('POST', '/house/validate', {})).status]).toEqual([200, 200]);
    const writes = [
      await by('POST', '', { ...body, name: 'other' }),
      await by('PUT', '/house', { extends: 'rag' }),
      await by('DELETE', '/house'),
      await by('POST', '/import', {}),
      await by('POST', '/house/instantiate', { name: 'x' }),
    ];
    expect(writes.map(({ status }) => status)).toEqual([403, 403, 403, 403, 403]);

    const scopes = ['templates:read'];
    const { key } = (await chatter.call('POST', '/auth/api-keys', { as: anna, body: { name: 'k', scopes } })).body;
    const withKey = { headers: { Authorization: `Bearer ${key}` } };
    expect((await chatter.call('GET', '/templates', { as: withKey })).status).toBe(200);
    expect((await chatter.call('POST', '/templates', { as: withKey, body })).status).toBe(403);
  });
});
