import { newId } from '../../src/platform/clock/id.js';
import { startApp, type SignedIn, type TestApp } from '../support/app.js';
import { budgetRoom } from '../support/budget-room.js';
import { eventually } from '../support/eventually.js';
import { graph } from '../support/run-room.js';
import { readingOf } from '../support/sse.js';

const PRICES = JSON.stringify({ 'scripted:default': { inputPerMillion: 1_000, outputPerMillion: 2_000 } });
const SETTINGS = {
  SCRIPTED_TOKEN_MS: '0',
  MODEL_PRICES: PRICES,
  MODEL_MAX_RETRIES: '0',
  MAX_TOKENS_PER_RUN: '1000000',
  MAX_RUNS_PER_USER: '1000',
};

describe('budgets', () => {
  let chatter: TestApp;
  let other: TestApp;
  let room: ReturnType<typeof budgetRoom>;
  let anna: SignedIn;

  beforeAll(async () => {
    chatter = await startApp(SETTINGS);
    other = await startApp(SETTINGS, chatter.database);
    room = budgetRoom(chatter);
  });

  beforeEach(async () => {
    anna = await chatter.register();
  });

  afterAll(async () => {
    await room?.close();
    await other?.close();
    await chatter.close();
  });

  const usedOf = async (id: string): Promise<number> => (await room.read(anna, id)).used;
  const branches = (count: number, tokens: number, onError = 'continue') =>
    graph([
      {
        id: 'each',
        type: 'map',
        config: {
          items: Array.from({ length: count }, (_, index) => index),
          maxConcurrency: 100,
          onError,
          body: graph([{ id: 'say', type: 'model', config: { prompt: `[[tokens=${tokens}]] Go.` } }]),
        },
      },
    ]);
  const run = (app: TestApp, definition: object) =>
    app.call('POST', '/runs', { as: anna, body: { definition, input: {} } });

  describe('that are used up', () => {
    it('refuse a turn before its first byte, as JSON and as a stream, and store nothing of it', async () => {
      const id = await room.made(anna, { limit: 20 });
      expect((await room.chat(anna, '[[tokens=60]]')).status).toBe(429);
      expect(await usedOf(id)).toBe(20);
      const before = (await chatter.call('GET', '/runs', { as: anna })).body.items.length;
      for (const stream of [false, true]) {
        const { status, headers, body } = await room.chat(anna, 'Hello', { stream });
        expect([status, headers.get('content-type')]).toEqual([429, expect.stringContaining('problem+json')]);
        expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
        expect(body).toMatchObject({
          type: '/problems/budget-exceeded',
          budgetId: id,
          scope: 'workspace',
          unit: 'tokens',
          limit: 20,
          used: 20,
          period: 'month',
          resetsAt: expect.any(String),
        });
      }
      for (const mode of ['wait', 'background'])
        expect(
          (
            await chatter.call('POST', '/runs', {
              as: anna,
              body: { workflow: 'plain', input: { message: 'x' }, mode },
            })
          ).status,
        ).toBe(429);
      expect((await chatter.call('GET', '/runs', { as: anna })).body.items).toHaveLength(before);
      await chatter.call('PATCH', `/budgets/${id}`, { as: anna, body: { limit: 10_000 } });
      expect((await room.chat(anna, 'Hello')).status).toBe(200);
    });

    it('cut a stream where they end, keep what was said and end the run with their problem', async () => {
      const id = await room.made(anna, { limit: 100 });
      const { status, body } = await room.chat(anna, '[[tokens=400]][[slow=1]]', { stream: true });
      expect(status).toBe(200);
      const { frames, done } = readingOf(body);
      const last = frames.at(-1)?.event;
      expect([done, last?.type, last?.problem.type]).toEqual([true, 'error', '/problems/budget-exceeded']);
      const said = frames.flatMap(({ event }) => (event.type === 'token' ? [event.content] : [])).join('');
      const read = await chatter.call('GET', `/runs/${last?.runId}`, { as: anna });
      expect(read.body).toMatchObject({
        status: 'failed',
        output: { text: said },
        problem: { status: 429, budgetId: id },
        usage: { totalTokens: 100 },
      });
      expect(said.split(' ').length).toBeGreaterThan(50);
      expect(await usedOf(id)).toBe(100);
      expect((await room.read(anna, id)).reserved).toBe(0);
    });

    it('end the run even where a failed node would be passed over', async () => {
      await room.made(anna, { limit: 30 });
      const definition = graph([
        { id: 'm', type: 'model', config: { prompt: '[[tokens=90]] Go.' }, onError: 'continue' },
        { id: 'after', type: 'set', config: { values: { a: 1 } } },
      ]);
      const { body } = await run(chatter, definition);
      expect(body.run).toMatchObject({ status: 'failed', problem: { type: '/problems/budget-exceeded' } });
    });
  });

  describe('before a call of a tool', () => {
    const invoke = () =>
      chatter.call('POST', '/tools/calculator/invoke', { as: anna, body: { arguments: { expression: '6*7' } } });

    it('refuse it when they are used up, also in a run that waited meanwhile', async () => {
      const id = await room.made(anna, { limit: 10_000 });
      const definition = graph(
        [
          { id: 'say', type: 'model', config: { prompt: '[[tokens=5]] Go.' } },
          { id: 'ask', type: 'approval', config: { title: 'Go on?' } },
          { id: 'count', type: 'tool', config: { tool: 'calculator', arguments: { expression: '6*7' } } },
        ],
        [['say', 'ask'], { from: 'ask', to: 'count', port: 'approved' }],
      );
      const { body } = await chatter.call('POST', '/runs', { as: anna, body: { definition, mode: 'background' } });
      const runId = (body.run ?? body).id as string;
      const approval = await eventually(async () => {
        const { body: pending } = await chatter.call('GET', '/approvals?status=pending', { as: anna });
        return pending.items[0];
      });
      expect((await invoke()).body).toMatchObject({ status: 'ok' });
      await chatter.call('PATCH', `/budgets/${id}`, { as: anna, body: { limit: 1 } });
      const { status, headers, body: refused } = await invoke();
      expect([status, refused.type, refused.budgetId]).toEqual([429, '/problems/budget-exceeded', id]);
      expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
      await chatter.call('POST', `/approvals/${approval.id}/decision`, { as: anna, body: { decision: 'approve' } });
      const ended = await eventually(async () => {
        const { body: read } = await chatter.call('GET', `/runs/${runId}`, { as: anna });
        return read.status === 'failed' ? read : undefined;
      });
      expect(ended.problem).toMatchObject({ type: '/problems/budget-exceeded', budgetId: id });
    });

    it('let the run that takes the last one of a budget of runs call its tools', async () => {
      await room.made(anna, { unit: 'runs', limit: 1 });
      const definition = graph([
        { id: 'count', type: 'tool', config: { tool: 'calculator', arguments: { expression: '6*7' } } },
      ]);
      expect((await run(chatter, definition)).body.run).toMatchObject({ status: 'succeeded' });
      expect((await run(chatter, definition)).status).toBe(429);
      expect((await invoke()).status).toBe(200);
    });
  });

  describe('of tokens, with 200 branches at once', () => {
    it('are never overspent, whichever process the branches run in, and end both runs', async () => {
      const id = await room.made(anna, { limit: 3_000 });
      await room.chat(anna, '[[tokens=1]]');
      const ends = await Promise.all([run(chatter, branches(100, 40)), run(other, branches(100, 40))]);
      // One may have used it up before the other has begun.
      for (const { status, body } of ends)
        expect(status === 429 ? body : body.run.problem).toMatchObject({ type: '/problems/budget-exceeded' });
      const { used, reserved } = await room.read(anna, id);
      expect(used).toBeLessThanOrEqual(3_000);
      expect(used).toBeGreaterThan(2_000);
      expect(reserved).toBe(0);
      expect(await room.kept(anna)).toEqual(await room.logged(anna));
    });

    it('let all of them through where there is room, though not for what each might have used', async () => {
      const id = await room.made(anna, { limit: 20_000 });
      const { body } = await run(chatter, branches(200, 40, 'fail'));
      expect(body.run.problem).toBeUndefined();
      expect(await usedOf(id)).toBe(body.run.usage.totalTokens);
      expect(await room.reservations()).toBe(0);
    });
  });

  describe('of runs', () => {
    it('let exactly as many begin, however many ask at once', async () => {
      const id = await room.made(anna, { unit: 'runs', limit: 5 });
      const answers = await Promise.all(
        Array.from({ length: 16 }, (_, index) =>
          run(index % 2 === 0 ? chatter : other, graph([{ id: 's', type: 'set', config: { values: { a: 1 } } }])),
        ),
      );
      expect(answers.filter(({ status }) => status === 200)).toHaveLength(5);
      expect(answers.filter(({ status }) => status === 429)).toHaveLength(11);
      expect(await usedOf(id)).toBe(5);
    });

    it('count children with their root', async () => {
      const id = await room.made(anna, { unit: 'runs', limit: 1 });
      const child = { definition: graph([{ id: 's', type: 'set', config: { values: { a: 1 } } }]) };
      const { body } = await run(chatter, {
        kind: 'composite',
        strategy: 'parallel',
        workflows: ['a', 'b'].map((name) => ({ id: name, ...child })),
      });
      expect(body.run.status).toBe('succeeded');
      expect(await usedOf(id)).toBe(1);
    });
  });

  describe('of costs', () => {
    it('bound what is spent in US dollars', async () => {
      const id = await room.made(anna, { unit: 'cost', limit: 0.2 });
      const { status, body } = await room.chat(anna, '[[tokens=400]][[slow=0]]');
      expect([status, body.unit]).toEqual([429, 'cost']);
      const used = await usedOf(id);
      expect(used).toBeLessThanOrEqual(0.2);
      expect(used).toBeGreaterThan(0.19);
    });
  });

  describe('count', () => {
    it('for the user, workflow or model they name alone', async () => {
      await room.made(anna, { scope: 'workflow', subjectId: 'basic', limit: 20 });
      await room.made(anna, { scope: 'model', subjectId: 'other:one', limit: 20 }).catch(() => undefined);
      const refused = await room.create(anna, { scope: 'model', subjectId: 'nobody:nothing', limit: 20 });
      expect([refused.status, refused.body.errors[0].pointer]).toEqual([422, '/subjectId']);
      expect((await room.chat(anna, '[[tokens=60]]', { workflow: 'plain' })).status).toBe(429);
      expect((await room.chat(anna, '[[tokens=10]]', { workflow: 'tools' })).status).toBe(200);
      const ids = (await chatter.call('GET', '/budgets', { as: anna })).body.items;
      expect(ids).toMatchObject([{ scope: 'workflow', subjectId: 'plain', used: 20 }]);
    });

    it('a stored workflow by its id, also when its name was given and nothing is published', async () => {
      const definition = graph([{ id: 'm', type: 'model', config: { prompt: '[[tokens=50]] Go.' } }]);
      const stored = await chatter.call('POST', '/workflows', { as: anna, body: { name: 'counted', definition } });
      const id = await room.made(anna, { scope: 'workflow', subjectId: 'counted', limit: 30 });
      expect(await room.read(anna, id)).toMatchObject({ subjectId: stored.body.id });
      await chatter.call('POST', `/workflows/${stored.body.id}/publish`, { as: anna, body: {} });
      const body = { workflow: 'counted', input: {} };
      expect((await chatter.call('POST', '/runs', { as: anna, body })).body.run.status).toBe('failed');
      expect((await chatter.call('POST', '/runs', { as: anna, body })).status).toBe(429);
    });

    it('calls of a model, wherever it is named', async () => {
      const id = await room.made(anna, { scope: 'model', subjectId: 'default', limit: 30 });
      expect(await room.read(anna, id)).toMatchObject({ subjectId: 'scripted:default' });
      const { status } = await room.chat(anna, '[[tokens=60]]');
      expect([status, await usedOf(id)]).toEqual([429, 30]);
      expect((await room.chat(anna, 'Hi', { model: 'scripted:default', stream: true })).status).toBe(429);
    });

    it('what was used before they were made', async () => {
      await room.chat(anna, '[[tokens=60]]');
      await room.made(anna, { limit: 50 });
      expect((await room.chat(anna, 'Hello')).status).toBe(429);
    });

    it('nothing of another workspace', async () => {
      const bert = await chatter.register();
      await room.chat(bert, '[[tokens=500]]');
      const id = await room.made(anna, { limit: 100 });
      expect(await usedOf(id)).toBe(0);
      expect((await room.chat(bert, 'Hello')).status).toBe(200);
      for (const method of ['GET', 'PATCH', 'DELETE'])
        expect(
          (
            await chatter.call(method, `/budgets/${id}`, {
              as: bert,
              body: method === 'PATCH' ? { limit: 5 } : undefined,
            })
          ).status,
        ).toBe(404);
      expect((await chatter.call('GET', '/budgets', { as: bert })).body.items).toEqual([]);
    });
  });

  it('are told once a period, on the run that uses the greater part of them', async () => {
    await room.made(anna, { limit: 1_000 });
    const warned: number[] = [];
    for (const tokens of [500, 400, 5, 5]) {
      const { body } = await room.chat(anna, `[[tokens=${tokens}]]`);
      const { items } = (await chatter.call('GET', `/runs/${body.run.id}/events?limit=100`, { as: anna })).body;
      const notes = items.filter(({ code }: { code?: string }) => code === 'budget-warning');
      if (notes.length > 0) warned.push(tokens);
      for (const note of notes) expect(note.detail).toContain('1000 tokens');
    }
    expect(warned).toEqual([400]);
  });

  it('of runs are told on the run that is their last but one in five', async () => {
    await room.made(anna, { unit: 'runs', limit: 5 });
    const warned: number[] = [];
    for (let turn = 1; turn <= 5; turn += 1) {
      const { body } = await room.chat(anna, 'Hello');
      const { items } = (await chatter.call('GET', `/runs/${body.run.id}/events?limit=100`, { as: anna })).body;
      if (items.some(({ code }: { code?: string }) => code === 'budget-warning')) warned.push(turn);
    }
    expect(warned).toEqual([4]);
  });

  it('are free again of what a call had reserved that came to nothing', async () => {
    const id = await room.made(anna, { limit: 300 });
    expect((await room.chat(anna, '[[fail]]')).status).toBe(503);
    expect(await room.read(anna, id)).toMatchObject({ used: 0, reserved: 0 });
    expect(await room.reservations()).toBe(0);
  });

  it('show what goes on', async () => {
    const id = await room.made(anna, { limit: 2_000 });
    const definition = graph([{ id: 'm', type: 'model', config: { prompt: '[[stall:after=3]] Say it.' } }]);
    const { body } = await chatter.call('POST', '/runs', { as: anna, body: { definition, mode: 'background' } });
    await eventually(async () => (await room.read(anna, id)).reserved > 200);
    await chatter.call('POST', `/runs/${body.run.id}/cancel`, { as: anna });
    const { used, reserved } = await room.read(anna, id);
    expect(reserved).toBe(0);
    expect(used).toBeGreaterThan(2);
  });

  describe('are refused', () => {
    it('where they make no sense, naming every fault', async () => {
      const cases: readonly (readonly [object, string])[] = [
        [{ scope: 'planet', unit: 'tokens', limit: 1, period: 'day' }, '/scope'],
        [{ scope: 'workspace', unit: 'apples', limit: 1, period: 'day' }, '/unit'],
        [{ scope: 'workspace', unit: 'tokens', limit: 0, period: 'day' }, '/limit'],
        [{ scope: 'workspace', unit: 'tokens', limit: 1.5, period: 'day' }, '/limit'],
        [{ scope: 'workspace', unit: 'runs', limit: 0.5, period: 'day' }, '/limit'],
        [{ scope: 'workspace', unit: 'tokens', limit: '7', period: 'day' }, '/limit'],
        [{ scope: 'workspace', unit: 'tokens', limit: 1, period: 'year' }, '/period'],
        [{ scope: 'workspace', unit: 'tokens', limit: 1 }, '/period'],
        [{ scope: 'workspace', unit: 'tokens', limit: 1, period: 'day', more: 1 }, '/more'],
        [{ scope: 'workspace', subjectId: newId(), unit: 'tokens', limit: 1, period: 'day' }, '/subjectId'],
        [{ scope: 'user', subjectId: newId(), unit: 'tokens', limit: 1, period: 'day' }, '/subjectId'],
        [{ scope: 'user', subjectId: 'me', unit: 'tokens', limit: 1, period: 'day' }, '/subjectId'],
        [{ scope: 'workflow', unit: 'tokens', limit: 1, period: 'day' }, '/subjectId'],
        [{ scope: 'workflow', subjectId: 'none such', unit: 'tokens', limit: 1, period: 'day' }, '/subjectId'],
        [{ scope: 'workflow', subjectId: newId(), unit: 'tokens', limit: 1, period: 'day' }, '/subjectId'],
        [{ scope: 'model', unit: 'tokens', limit: 1, period: 'day' }, '/subjectId'],
        [{ scope: 'model', subjectId: 'scripted:default', unit: 'runs', limit: 1, period: 'day' }, '/unit'],
      ];
      for (const [body, pointer] of cases) {
        const answer = await chatter.call('POST', '/budgets', { as: anna, body });
        expect([body, answer.status, answer.body.errors?.[0]?.pointer]).toEqual([body, 422, pointer]);
      }
      const id = await room.made(anna, { limit: 5 });
      const half = await chatter.call('PATCH', `/budgets/${id}`, { as: anna, body: { limit: 5.5 } });
      expect(half.status).toBe(422);
    });

    it('when there is one of the same kind, and to members who may not set them', async () => {
      expect((await room.create(anna, { limit: 5 })).status).toBe(201);
      expect((await room.create(anna, { limit: 6 })).status).toBe(409);
      expect((await room.create(anna, { limit: 6, period: 'day' })).status).toBe(201);
      const bert = await chatter.register();
      const { body: shared } = await chatter.call('POST', '/workspaces', { as: anna, body: { name: 'Shared' } });
      const headers = { 'X-Workspace-Id': shared.id };
      const member = { email: bert.user.email, role: 'editor' };
      await chatter.call('POST', `/workspaces/${shared.id}/members`, { as: anna, body: member });
      const body = { scope: 'user', unit: 'tokens', limit: 9_000, period: 'day' };
      expect((await chatter.call('POST', '/budgets', { as: bert, headers, body })).status).toBe(403);
      const mine = await chatter.call('POST', '/budgets', { as: anna, headers, body });
      await chatter.call('POST', '/budgets', { as: anna, headers, body: { ...body, subjectId: bert.user.id } });
      const seen = await chatter.call('GET', '/budgets', { as: bert, headers });
      expect(seen.body.items).toMatchObject([{ scope: 'user', subjectId: bert.user.id }]);
      expect((await chatter.call('GET', `/budgets/${mine.body.id}`, { as: bert, headers })).status).toBe(404);
      expect((await chatter.call('GET', '/budgets', { as: anna, headers })).body.items).toHaveLength(2);
    });
  });

  it('leave a trace of each change in the audit log', async () => {
    const id = await room.made(anna, { limit: 5 });
    await chatter.call('PATCH', `/budgets/${id}`, { as: anna, body: { limit: 6 } });
    expect((await chatter.call('DELETE', `/budgets/${id}`, { as: anna })).status).toBe(204);
    const { items } = (await chatter.call('GET', '/audit?limit=100', { as: anna })).body;
    const acts = items.filter(({ subject }: { subject: string }) => subject === `budget:${id}`);
    expect(acts.map(({ action }: { action: string }) => action).toSorted()).toEqual([
      'budget.changed',
      'budget.created',
      'budget.deleted',
    ]);
  });
});
