import { startApp, type SignedIn, type TestApp } from '../support/app.js';
import { eventually } from '../support/eventually.js';
import { openStream, readingOf, textOf } from '../support/sse.js';
import { graph, says, workflowRoom } from '../support/run-room.js';

const UNKNOWN = '019a1b2c-3d4e-7f50-8a6b-7c8d9e0f1a2b';

const TWO = graph([
  says('first', 'one'),
  { id: 'second', type: 'model', config: { prompt: 'Say exactly: {{first}} two' } },
]);
const SET = graph([{ id: 'a', type: 'set', config: { values: { x: '{{input.x}}' } } }]);
const PARALLEL = {
  kind: 'composite',
  strategy: 'parallel',
  workflows: [
    { id: 'left', definition: graph([says('say', 'left')]) },
    { id: 'right', definition: graph([{ id: 'no', type: 'fail', config: { code: 'no', detail: 'No.' } }]) },
  ],
};

describe('a run of a definition', () => {
  let chatter: TestApp;
  let anna: SignedIn;
  let room: ReturnType<typeof workflowRoom>;

  beforeAll(async () => {
    chatter = await startApp({ SCRIPTED_TOKEN_MS: '1', EVENT_FLUSH_MS: '1', SHUTDOWN_TIMEOUT_MS: '100' });
    anna = await chatter.register();
    room = workflowRoom(chatter);
  });
  afterAll(() => chatter.close());

  const stream = (path: string, parts: Parameters<typeof openStream>[1] = {}) =>
    openStream(`${chatter.url}/api/v1${path}`, { ...parts, headers: { ...anna.headers, ...parts.headers } });

  describe('is answered', () => {
    it('when it has ended, with what came of it', async () => {
      const { status, headers, body } = await room.run(anna, TWO, { input: {}, metadata: { a: 1 } });
      expect([status, headers.get('location')]).toEqual([200, `/api/v1/runs/${body.run.id}`]);
      expect(body).toEqual({ run: await room.read(`/runs/${body.run.id}`, anna) });
      expect(body.run).toMatchObject({
        kind: 'workflow',
        status: 'succeeded',
        metadata: { a: 1 },
        output: { first: 'one', text: 'one two' },
        usage: { totalTokens: expect.any(Number) },
        attempt: 1,
        cached: false,
        workflow: { hash: expect.any(String) },
      });
      expect(body.run.conversationId).toBeUndefined();
    });

    it('with 200 whatever its end', async () => {
      const failed = graph([
        { id: 'no', type: 'fail', config: { code: 'sold-out', detail: 'No {{input.what}} left.' } },
      ]);
      const { status, body } = await room.run(anna, failed, { input: { what: 'tea' } });
      expect([status, body.run.status]).toEqual([200, 'failed']);
      expect(body.run).not.toHaveProperty('metadata');
      expect(body.run.problem).toMatchObject({
        type: '/problems/workflow-failed',
        code: 'sold-out',
        detail: 'No tea left.',
        runId: body.run.id,
        instance: `/api/v1/runs/${body.run.id}`,
      });
    });

    it('at once in the background', async () => {
      const slow = graph([says('slow', 'later', '[[slow=100]]')]);
      const { status, headers, body } = await room.run(anna, slow, { mode: 'background' });
      expect([status, headers.get('location')]).toEqual([202, `/api/v1/runs/${body.run.id}`]);
      expect(['queued', 'running']).toContain(body.run.status);
      expect(await room.until(anna, body.run.id, 'succeeded')).toMatchObject({ output: { slow: 'later' } });
    });

    it.each([
      ['by its body', { stream: true }, { Accept: 'application/json' }],
      ['by Accept', {}, {}],
    ])('as a stream, asked for %s: the same events as its log', async (_, more, headers) => {
      const live = await stream('/runs', { method: 'POST', body: { definition: TWO, ...more }, headers });
      const { frames, done, log } = await live.whole();
      const events = frames.map(({ event }) => event);
      const runId = events[0]!.runId;
      expect([live.status, done, live.headers['x-run-id']]).toEqual([200, true, runId]);
      expect([events[0]!.type, events.at(-1)]).toEqual([
        'start',
        expect.objectContaining({ type: 'complete', output: { first: 'one', text: 'one two' } }),
      ]);
      expect(textOf(events.filter(({ path }) => path?.[0] === 'second'))).toBe('one two');
      expect((await (await stream(`/runs/${runId}/events`)).whole()).log).toBe(log);
    });

    it('by a problem when it cannot begin, also where a stream was asked for, and makes no run', async () => {
      const user = await chatter.register();
      const before = (await room.read('/runs', user)).items;
      for (const headers of [{}, { Accept: 'text/event-stream' }] as Record<string, string>[]) {
        const { status, headers: answered } = await room.run(user, { kind: 'graph', nodes: [] }, {}, headers);
        expect([status, answered.get('content-type')]).toEqual([422, 'application/problem+json; charset=utf-8']);
      }
      expect((await room.read('/runs', user)).items).toEqual(before);
    });
  });

  describe('is refused with 422', () => {
    const inPlain = (input: object) => ({ workflow: 'plain', input: { message: 'Hello', ...input } });
    const TOO_LONG = 'x'.repeat(10_001);
    const refused: readonly [string, object, readonly string[]][] = [
      ['neither a workflow nor a definition', {}, ['/workflow']],
      ['both', { workflow: 'plain', definition: SET }, ['/workflow']],
      [
        'parameters that do not fit',
        inPlain({ temperature: 5, memoryWindow: 0 }),
        ['/input/memoryWindow', '/input/temperature'],
      ],
      ['a mode without a message', { workflow: 'basic' }, ['/input/message']],
      ['a mode with an empty one', inPlain({ message: '' }), ['/input/message']],
      [
        'a mode with one that is no text, and more',
        inPlain({ message: 5, temperature: 5 }),
        ['/input/message', '/input/temperature'],
      ],
      [
        'a template with one that is too long',
        { workflow: 'general_chat', input: { message: TOO_LONG } },
        ['/input/message'],
      ],
      ['a definition with one that is too long', { definition: SET, input: { message: TOO_LONG } }, ['/input/message']],
      ['an unknown member', { definition: SET, colour: 'red' }, ['/colour']],
      ['an unknown mode', { definition: SET, mode: 'later' }, ['/mode']],
      ['an unknown kind', { definition: { kind: 'x' } }, ['/definition']],
      [
        'nodes that are none',
        { definition: { kind: 'graph', nodes: [{ id: '1' }, 7] } },
        ['/definition/nodes/0/id', '/definition/nodes/0/type', '/definition/nodes/1'],
      ],
      ['a limit that is none', { definition: SET, limits: { maxTokens: 0 } }, ['/limits/maxTokens']],
      [
        'a limit of the definition above the configured one',
        { definition: { ...SET, limits: { maxTokens: 0 } } },
        ['/definition/limits/maxTokens'],
      ],
    ];

    it.each(refused)('%s', async (_, body, pointers) => {
      const answer = await chatter.call('POST', '/runs', { as: anna, body });
      const isInside = pointers.some((pointer) => pointer.startsWith('/definition'));
      const type = isInside ? '/problems/definition-invalid' : '/problems/validation-failed';
      expect([answer.status, answer.body.type]).toEqual([422, type]);
      if (isInside) expect(answer.body.violations).toHaveLength(answer.body.errors.length);
      expect(answer.body.errors.map(({ pointer }: { pointer: string }) => pointer).sort()).toEqual(
        [...pointers].sort(),
      );
    });

    it.each<[string, object]>([
      ['a configuration that does not fit', graph([{ id: 'a', type: 'set', config: { value: 1 } }])],
      ['an edge to nowhere', graph([{ id: 'a', type: 'set', config: { values: {} } }], [['a', 'b']])],
      [
        'a circle',
        graph(
          [
            { id: 'a', type: 'set', config: { values: {} } },
            { id: 'b', type: 'set', config: { values: {} } },
          ],
          [['a', 'b', 'a']],
        ),
      ],
      [
        'two nodes of one id',
        graph(
          [
            { id: 'a', type: 'set', config: { values: {} } },
            { id: 'a', type: 'set', config: { values: {} } },
          ],
          [],
        ),
      ],
    ])('a definition with %s, pointing to it', async (_, definition) => {
      const { status, body } = await room.run(anna, definition);
      expect([status, JSON.stringify(body)]).toEqual([422, expect.stringMatching(/\/(nodes|edges)\/[01]/)]);
    });

    it('an input that does not fit the schema, with every fault at once', async () => {
      const definition = {
        ...SET,
        input: {
          type: 'object',
          properties: { x: { type: 'number' }, y: { type: 'string' }, z: { default: 5 } },
          required: ['x', 'y'],
        },
      };
      const { status, body } = await room.run(anna, definition, { input: { x: 'one' } });
      expect([status, body.type]).toEqual([422, '/problems/validation-failed']);
      expect(body.errors.map(({ pointer }: { pointer: string }) => pointer).sort()).toEqual(['/input', '/input/x']);
      const fits = await room.run(anna, { ...definition, output: { z: '{{input.z}}' } }, { input: { x: 1, y: '' } });
      expect(fits.body.run).toMatchObject({ status: 'succeeded', output: { z: 5 } });
    });

    it('a type of node that this server has not, naming it', async () => {
      const { status, body } = await room.run(anna, graph([{ id: 'a', type: 'nothing' }]));
      expect([status, body.type]).toEqual([422, '/problems/definition-invalid']);
      expect(body.detail).toContain('"nothing"');
    });

    it('a schema that is none', async () => {
      const { status, body } = await room.run(anna, { ...SET, input: { type: 'nothing' } });
      expect([status, body.errors[0].pointer]).toEqual([422, '/definition/input']);
    });
  });

  it('may name a workflow: a mode, or what is stored under a name, in its version', async () => {
    const mode = await chatter.call('POST', '/runs', {
      as: anna,
      body: { workflow: 'plain', input: { message: 'Say exactly: hi' } },
    });
    expect([mode.status, mode.body.run.output.text, mode.body.run.workflow.name]).toEqual([200, 'hi', 'plain']);
    const version = (text: string) => graph([{ id: 'a', type: 'set', config: { values: { text } } }]);
    const made = await chatter.call('POST', '/workflows', {
      as: anna,
      body: { name: 'greeting', definition: version('one') },
    });
    const { id } = made.body;
    await chatter.call('POST', `/workflows/${id}/publish`, { as: anna, body: {} });
    await chatter.call('PUT', `/workflows/${id}/draft`, { as: anna, body: { definition: version('two') } });
    const texts = await Promise.all(
      ['greeting', `${id}`, 'greeting@1', 'greeting@draft'].map(async (workflow) => {
        const { body } = await chatter.call('POST', '/runs', { as: anna, body: { workflow } });
        return body.run.output.text as string;
      }),
    );
    expect(texts).toEqual(['one', 'one', 'one', 'two']);
    const own = await chatter.call('POST', `/workflows/${id}/runs`, { as: anna, body: {} });
    expect(own.body.run).toMatchObject({ status: 'succeeded', workflow: { id, name: 'greeting', version: 1 } });
    const { items } = await room.read(`/runs?workflowId=${id}`, anna);
    expect(items).toHaveLength(5);
    const missing = await chatter.call('POST', '/runs', { as: anna, body: { workflow: 'nowhere' } });
    expect([missing.status, missing.body.type]).toEqual([404, '/problems/workflow-unknown']);
  });

  it('is for those who may write here; others read, and strangers find nothing', async () => {
    const [viewer, stranger] = [await chatter.register(), await chatter.register()];
    const workspace = anna.user.personalWorkspaceId;
    const here = { 'X-Workspace-Id': workspace };
    const team = (await chatter.call('POST', '/workspaces', { as: anna, body: { name: 'Team' } })).body;
    const there = { 'X-Workspace-Id': team.id as string };
    await chatter.call('POST', `/workspaces/${team.id}/members`, {
      as: anna,
      body: { email: viewer.user.email, role: 'viewer' },
    });
    const { body } = await room.run(anna, SET, { input: {} }, there);
    const { id } = body.run;
    const as = (user: SignedIn, method: string, path: string, headers: Record<string, string>, more?: object) =>
      chatter.call(method, path, { as: user, headers, body: more });
    for (const path of ['', '/cancel', '/pause', '/resume', '/rerun'])
      expect([
        path,
        (
          await as(
            viewer,
            'POST',
            path === '' ? '/runs' : `/runs/${id}${path}`,
            there,
            path === '' ? { definition: SET } : {},
          )
        ).status,
      ]).toEqual([path, 403]);
    const reads = ['', '/steps', '/children', '/checkpoints', '/events'];
    for (const path of reads)
      expect([path, (await as(viewer, 'GET', `/runs/${id}${path}`, there)).status]).toEqual([path, 200]);
    for (const path of reads) {
      expect([path, (await as(stranger, 'GET', `/runs/${id}${path}`, {})).status]).toEqual([path, 404]);
      expect([path, (await as(anna, 'GET', `/runs/${UNKNOWN}${path}`, here)).status]).toEqual([path, 404]);
      expect([path, (await as(anna, 'GET', `/runs/${id}${path}`, here)).status]).toEqual([path, 404]);
    }
    for (const path of ['cancel', 'pause', 'resume', 'rerun'])
      expect([path, (await as(stranger, 'POST', `/runs/${id}/${path}`, {}, {})).status]).toEqual([path, 404]);
  });

  describe('goes through its nodes', () => {
    const output = async (definition: object, input: object = {}) => {
      const { body } = await room.run(anna, definition, { input });
      expect(body.run.problem).toBeUndefined();
      return body.run.output as unknown;
    };

    it('prompt and set: text, and values that keep their type', async () => {
      const definition = graph([
        {
          id: 'values',
          type: 'set',
          config: { values: { list: '{{input.list}}', first: 'a', text: 'n={{input.n}}' } },
        },
        {
          id: 'write',
          type: 'prompt',
          config: { template: 'Dear {{input.name}}, {{text}} {{list}}', output: 'letter' },
        },
      ]);
      expect(await output(definition, { list: [1, 2], n: 3, name: '{{first}}' })).toEqual({
        list: [1, 2],
        first: 'a',
        text: 'n=3',
        letter: 'Dear {{first}}, n=3 [1,2]',
      });
    });

    it.each([
      [{ score: 0.9 }, 'high'],
      [{ score: 0.2 }, 'low'],
      [{}, 'other'],
    ])('switch: given %p it leaves by %s, and tells why', async (input, expected) => {
      const end = (id: string) => ({ id, type: 'end', config: { output: { way: id } } });
      const ports = ['high', 'low', 'other'];
      const definition = graph(
        [
          {
            id: 'choose',
            type: 'switch',
            config: {
              branches: [
                { port: 'high', when: { score: { min: 0.7 } } },
                { port: 'low', when: { score: { max: 0.7 } } },
              ],
              default: 'other',
            },
          },
          ...ports.map(end),
        ],
        ports.map((port) => ({ from: 'choose', to: port, port })),
      );
      const { body } = await room.run(anna, definition, { input });
      expect(body.run.output).toEqual({ way: expected });
      const steps = await room.steps(anna, body.run.id);
      expect(steps.map(({ id }) => id)).toEqual(['choose', expected]);
      expect(steps[0].explanation).toMatchObject({ branch: expected === 'other' ? null : expected });
    });

    it('fail: taken by its port, or passed over, with what went wrong as output', async () => {
      const fails = (onError: unknown) => ({ id: 'no', type: 'fail', config: { code: 'x', detail: 'No.' }, onError });
      const after = { id: 'after', type: 'set', config: { values: { detail: '{{nodes.no.output.problem.detail}}' } } };
      expect(
        await output(graph([fails({ port: 'error' }), after], [{ from: 'no', to: 'after', port: 'error' }])),
      ).toEqual({ detail: 'No.' });
      expect(await output(graph([fails('continue'), after]))).toEqual({ detail: 'No.' });
    });

    it('delay: waits its time, and no other', async () => {
      const startedAt = Date.now();
      const definition = graph([
        { id: 'wait', type: 'delay', config: { ms: 1_200 } },
        { id: 'end', type: 'end', config: { output: 'done' } },
      ]);
      expect(await output(definition)).toBe('done');
      expect(Date.now() - startedAt).toBeGreaterThanOrEqual(1_200);
    });

    it('delay: a far one is waited for without a process, and is a wait for no person', async () => {
      const definition = graph([
        { id: 'wait', type: 'delay', config: { ms: 6_000 } },
        { id: 'end', type: 'end', config: { output: 'done' } },
      ]);
      const answer = room.run(anna, definition);
      const waiting = await eventually(async () => {
        const { items } = await room.read('/runs?status=waiting', anna);
        return items.length > 0 && (items as { kind: string }[]);
      });
      const { status, body } = await answer;
      expect([status, body.approvals, body.run.output, body.run.status]).toEqual([200, undefined, 'done', 'succeeded']);
      expect(body.run.durationMs).toBeGreaterThanOrEqual(6_000);
      expect(waiting.map(({ kind }) => kind)).toEqual(['workflow']);
      const notes = (await room.events(anna, body.run.id)).filter(({ type }) => type === 'note');
      expect(notes.map(({ code }) => code)).toEqual(['waiting', 'resumed']);
    });
  });

  describe('tells of its steps', () => {
    it('each with what it was given and made, and why it failed, page by page', async () => {
      const definition = graph([
        says('ask', 'yes'),
        {
          id: 'no',
          type: 'fail',
          title: 'Give up',
          config: { code: 'x', detail: 'Because {{ask}}.' },
          onError: 'continue',
        },
        { id: 'set', type: 'set', config: { values: { x: 1 } } },
      ]);
      const { body } = await room.run(anna, definition);
      const steps = await room.steps(anna, body.run.id);
      expect(steps).toEqual([
        {
          id: 'ask',
          path: ['ask'],
          nodeId: 'ask',
          nodeType: 'model',
          title: 'ask',
          status: 'succeeded',
          input: expect.objectContaining({ prompt: 'Say exactly: yes' }),
          output: { text: 'yes' },
          attempts: 1,
          startedAt: expect.any(String),
          endedAt: expect.any(String),
          durationMs: expect.any(Number),
          usage: expect.objectContaining({ totalTokens: expect.any(Number) }),
        },
        expect.objectContaining({
          id: 'no',
          title: 'Give up',
          status: 'failed',
          input: { code: 'x', detail: 'Because yes.' },
          problem: expect.objectContaining({ type: '/problems/workflow-failed' }),
          usage: null,
        }),
        expect.objectContaining({ id: 'set', output: { x: 1 } }),
      ]);
      const first = await room.read(`/runs/${body.run.id}/steps?limit=2`, anna);
      expect(first.items).toEqual(steps.slice(0, 2));
      const second = await room.read(`/runs/${body.run.id}/steps?limit=2&cursor=${first.nextCursor}`, anna);
      expect(second).toEqual({ items: steps.slice(2), nextCursor: null });
    });

    it('how often each was tried', async () => {
      const retry = { maxAttempts: 2, backoffMs: 1, on: ['unavailable'] };
      const definition = graph([{ ...says('flaky', 'x', '[[fail:after=1]]'), retry }]);
      const { body } = await room.run(anna, definition);
      expect(body.run.status).toBe('failed');
      expect(await room.steps(anna, body.run.id)).toMatchObject([{ id: 'flaky', status: 'failed', attempts: 2 }]);
    });
  });

  describe('of several workflows', () => {
    it('has a child run for each, with events, steps, usage and an end of its own', async () => {
      const { body } = await room.run(anna, PARALLEL);
      expect(body.run).toMatchObject({ status: 'succeeded', output: { merged: { left: { say: 'left' } } } });
      expect(body.run.output.results).toMatchObject([
        { id: 'left', status: 'succeeded', output: { say: 'left' }, usage: { totalTokens: expect.any(Number) } },
        { id: 'right', status: 'failed', problem: { code: 'no' }, usage: null },
      ]);
      const { items: children } = await room.read(`/runs/${body.run.id}/children`, anna);
      expect(children).toMatchObject([
        {
          kind: 'child',
          parentRunId: body.run.id,
          status: 'succeeded',
          output: { say: 'left' },
          usage: { totalTokens: expect.any(Number) },
        },
        { kind: 'child', parentRunId: body.run.id, status: 'failed', problem: { code: 'no' }, usage: null },
      ]);
      expect((await room.read('/runs', anna)).items.map(({ id }: { id: string }) => id)).not.toContain(children[0].id);
      const page = await room.read(`/runs/${body.run.id}/children?limit=1`, anna);
      const rest = await room.read(`/runs/${body.run.id}/children?limit=1&cursor=${page.nextCursor}`, anna);
      expect([...page.items, ...rest.items]).toEqual(children);

      const all = await room.events(anna, body.run.id);
      const of = (name: string) => all.filter(({ path }) => path?.[0] === name);
      expect(await room.events(anna, children[0].id)).toEqual(of('left'));
      expect(of('left').map(({ type }) => type)).toEqual(
        expect.arrayContaining(['child_start', 'token', 'usage', 'child_end']),
      );
      expect((await room.steps(anna, children[0].id)).map(({ id, path }) => [id, path])).toEqual([
        ['left/say', ['left', 'say']],
      ]);
      expect((await room.steps(anna, body.run.id)).map(({ id }) => id).sort()).toEqual(['left/say', 'right/no']);
      expect((await room.read(`/runs/${children[0].id}/children`, anna)).items).toEqual([]);
    });

    it('streams the events of a child from any point of them, with the numbers of the whole', async () => {
      const slow = {
        ...PARALLEL,
        workflows: [
          { id: 'left', definition: graph([says('say', 'a b c d e f g h', '[[slow=60]]')]) },
          { id: 'right', definition: graph([says('say', '1 2 3 4 5 6 7 8 9 10 11 12', '[[slow=60]]')]) },
        ],
      };
      const { body } = await room.run(anna, slow, { mode: 'background' });
      const root = await stream(`/runs/${body.run.id}/events`);
      const begun = await root.event(({ type, path }) => type === 'child_start' && path[0] === 'left');
      const live = await stream(`/runs/${begun.childRunId}/events`);
      const { frames, done, log } = await live.whole();
      const whole = (await root.whole()).frames.filter(({ event }) => event.path?.[0] === 'left');
      expect([live.status, done]).toEqual([200, true]);
      expect(frames).toEqual(whole);
      expect(textOf(frames.map(({ event }) => event))).toBe('a b c d e f g h');
      for (const at of [1, 3, frames.length]) {
        const again = await stream(`/runs/${begun.childRunId}/events`, {
          headers: { 'Last-Event-ID': String(frames[at - 1]!.id) },
        });
        expect(await again.whole()).toMatchObject({ done: true, frames: frames.slice(at) });
      }
      expect(readingOf(log).frames).toEqual(frames);
    });

    it('ends the stream of a child with the child, though its run goes on', async () => {
      const definition = graph([
        { id: 'call', type: 'workflow', config: { definition: graph([says('say', 'x')]) } },
        { id: 'ask', type: 'approval', config: { title: 'Go on?' } },
      ]);
      const { status, body } = await room.run(anna, definition);
      expect([status, body.run.status]).toEqual([202, 'waiting']);
      const [child] = (await room.read(`/runs/${body.run.id}/children`, anna)).items;
      const { frames, done } = await (await stream(`/runs/${child.id}/events`)).whole();
      expect([done, frames.at(-1)?.event.type]).toEqual([true, 'child_end']);
      const after = await stream(`/runs/${child.id}/events?after=${frames.at(-1)!.id}`);
      expect(await after.whole()).toMatchObject({ done: true, frames: [] });
      expect((await room.events(anna, child.id)).at(-1)).toEqual(frames.at(-1)!.event);
      await room.act(anna, body.run.id, 'cancel');
    });
  });

  describe('with an Idempotency-Key', () => {
    it('is made once, however often and however it is asked for', async () => {
      const headers = { 'Idempotency-Key': `run-${Date.now()}` };
      const body = { definition: TWO };
      const first = await chatter.call('POST', '/runs', { as: anna, body, headers });
      const again = await chatter.call('POST', '/runs', { as: anna, body, headers });
      expect([first.status, again.status, again.body.run]).toEqual([200, 200, first.body.run]);
      const live = await stream('/runs', { method: 'POST', body, headers });
      expect((await live.whole()).frames[0]!.event.runId).toBe(first.body.run.id);
      const other = await chatter.call('POST', '/runs', { as: anna, body: { definition: SET }, headers });
      expect([other.status, other.body.type]).toEqual([422, '/problems/idempotency-key-reused']);
    });

    it('is made once in the background, also of many at once', async () => {
      const headers = { 'Idempotency-Key': `background-${Date.now()}` };
      const body = { definition: graph([says('slow', 'x', '[[slow=20]]')]), mode: 'background' };
      const answers = await Promise.all(
        Array.from({ length: 10 }, () => chatter.call('POST', '/runs', { as: anna, body, headers })),
      );
      const made = answers.filter(({ status }) => status === 202);
      expect(new Set(made.map((answer) => answer.body.run.id as string)).size).toBe(1);
      expect(answers.every(({ status }) => status === 202 || status === 409)).toBe(true);
      const last = await chatter.call('POST', '/runs', { as: anna, body, headers });
      expect([last.status, last.body.run.id]).toEqual([202, made[0]!.body.run.id]);
    });
  });
});
