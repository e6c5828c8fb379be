import { Client } from 'pg';
import { startApp, type Answer, type SignedIn, type TestApp } from '../support/app.js';
import { eventually } from '../support/eventually.js';
import { Servers } from '../support/server-process.js';
import { openStream, type LiveStream } from '../support/sse.js';

describe('an Idempotency-Key', () => {
  let chatter: TestApp;
  let anna: SignedIn;
  let ben: SignedIn;
  let sql: Client;
  let keys = 0;

  beforeAll(async () => {
    chatter = await startApp({
      SCRIPTED_TOKEN_MS: '1',
      MODEL_MAX_RETRIES: '0',
      SHUTDOWN_TIMEOUT_MS: '100',
      // Those who wait for locks are counted below.
      RUN_SWEEP_MS: '600000',
    });
    anna = await chatter.register();
    ben = await chatter.register();
    sql = new Client(chatter.database.connection);
    await sql.connect();
  });

  afterAll(async () => {
    await sql.end();
    await chatter.close();
  });

  const newKey = (): string => `key-${++keys}`;
  const post = (path: string, body: unknown, key: string, as = anna): Promise<Answer> =>
    chatter.call('POST', path, { as, body, headers: { 'Idempotency-Key': key } });
  const stream = (body: object, key: string): Promise<LiveStream> =>
    openStream(`${chatter.url}/api/v1/chat`, {
      method: 'POST',
      headers: { ...anna.headers, 'Idempotency-Key': key },
      body,
    });
  const stored = async (
    user = anna,
  ): Promise<{ runs: number; users: number; answers: number; conversations: number }> => {
    const { rows } = await sql.query(
      `SELECT (SELECT count(*)::int FROM run WHERE workspace_id = $1) runs,
        (SELECT count(*)::int FROM message WHERE workspace_id = $1 AND role = 'user') users,
        (SELECT count(*)::int FROM message WHERE workspace_id = $1 AND role = 'assistant') answers,
        (SELECT count(*)::int FROM conversation WHERE workspace_id = $1) conversations`,
      [user.user.personalWorkspaceId],
    );
    return rows[0];
  };
  /** Sends it again while it is in flight. */
  const answered = (send: () => Promise<Answer>): Promise<Answer> =>
    eventually(async () => {
      const answer = await send();
      return answer.status !== 409 && answer;
    });

  describe('on POST /chat', () => {
    it('of 200 parallel requests causes one run, one user message and one answer', async () => {
      const user = await chatter.register();
      const key = newKey();
      const body = { message: '[[tokens=10]][[slow=20]]' };
      const answers = await Promise.all(Array.from({ length: 200 }, () => post('/chat', body, key, user)));
      expect(await stored(user)).toEqual({ runs: 1, users: 1, answers: 1, conversations: 1 });
      const good = answers.filter(({ status }) => status === 200);
      expect(good.length).toBeGreaterThanOrEqual(1);
      for (const { body: answer } of good) expect(answer).toEqual(good[0]!.body);
      for (const { status, headers, body: problem } of answers) {
        if (status === 200) continue;
        expect([status, problem.type]).toEqual([409, '/problems/request-in-flight']);
        expect(headers.get('retry-after')).toMatch(/^\d+$/);
      }
      const later = await post('/chat', body, key, user);
      expect([later.status, later.body]).toEqual([200, good[0]!.body]);
      expect(await stored(user)).toEqual({ runs: 1, users: 1, answers: 1, conversations: 1 });
    });

    it('goes on with the run while that is still executing, as JSON and as a stream', async () => {
      const key = newKey();
      const body = { message: '[[tokens=30]][[slow=25]]' };
      const first = await stream(body, key);
      await first.event(({ type }) => type === 'token');
      const [again, json] = await Promise.all([stream(body, key), post('/chat', body, key)]);
      const whole = await first.whole();
      expect(again.headers['x-run-id']).toBe(first.headers['x-run-id']);
      expect((await again.whole()).log).toBe(whole.log);
      expect([json.status, json.body.run.id]).toEqual([200, first.headers['x-run-id']]);
      expect(json.body.message).toEqual(whole.frames.at(-1)!.event.message);
      expect((await (await stream(body, key)).whole()).log).toBe(whole.log);
    });

    it('answers a JSON request that is repeated in flight with its own answer or 409, never with another run', async () => {
      const key = newKey();
      const body = { message: '[[tokens=20]][[slow=300]]' };
      const first = post('/chat', body, key);
      await eventually(
        async () => (await chatter.call('GET', '/runs?status=running', { as: anna })).body.items.length > 0,
      );
      const second = await answered(() => post('/chat', body, key));
      expect(second.body).toEqual((await first).body);
    });

    it('keeps a failed run: the same problem again, the model is not asked again', async () => {
      const key = newKey();
      const body = { message: '[[rate-limit=30]]' };
      const before = await stored();
      const first = await post('/chat', body, key);
      const second = await post('/chat', body, key);
      expect([first.status, second.status]).toEqual([429, 429]);
      expect(second.body).toEqual({ ...first.body, traceId: second.body.traceId });
      expect(second.headers.get('retry-after')).toBe('30');
      expect((await stored()).runs).toBe(before.runs + 1);
    });

    it('with another body is a 422', async () => {
      const key = newKey();
      await post('/chat', { message: 'one' }, key);
      const before = await stored();
      for (const body of [{ message: 'two' }, { message: 'one', stream: true }, {}]) {
        const { status, body: problem } = await post('/chat', body, key);
        expect([status, problem.type]).toEqual([422, '/problems/idempotency-key-reused']);
      }
      expect(await stored()).toEqual(before);
    });

    it('of another user or another route is another key', async () => {
      const key = newKey();
      const mine = await post('/chat', { message: 'Hello' }, key);
      const theirs = await post('/chat', { message: 'Hello' }, key, ben);
      expect([mine.status, theirs.status]).toEqual([200, 200]);
      expect(theirs.body.run.id).not.toBe(mine.body.run.id);
      expect((await post('/chat', { message: 'Hi' }, key, ben)).status).toBe(422);
      expect((await post('/conversations', { title: 'x' }, key)).status).toBe(201);
    });

    it('is free again after a refusal that another attempt may not meet', async () => {
      const key = newKey();
      const live = await stream({ message: '[[stall:after=1]] Say exactly: x y' }, newKey());
      const { conversationId } = await live.event(({ type }) => type === 'start');
      const body = { conversationId, message: 'Say exactly: now' };
      expect((await post('/chat', body, key)).body.type).toBe('/problems/conversation-busy');
      await chatter.call('POST', `/runs/${live.headers['x-run-id']}/cancel`, { as: anna });
      const { status, body: answer } = await post('/chat', body, key);
      expect([status, answer.message.content]).toEqual([200, 'now']);
    });

    it('keeps a refusal that the same request would meet again', async () => {
      const key = newKey();
      const first = await post('/chat', { message: 'Hello', workflow: 'nope' }, key);
      const second = await post('/chat', { message: 'Hello', workflow: 'nope' }, key);
      expect([first.status, second.status]).toEqual([404, 404]);
      expect(second.body).toMatchObject({ type: first.body.type, detail: first.body.detail });
    });

    it('holds a queued run too', async () => {
      const live = await stream({ message: '[[stall:after=1]] Say exactly: x y' }, newKey());
      const { conversationId } = await live.event(({ type }) => type === 'start');
      const key = newKey();
      const body = { conversationId, message: 'Say exactly: queued', onBusy: 'enqueue' };
      const queued = await stream(body, key);
      const again = await stream(body, key);
      expect(again.headers['x-run-id']).toBe(queued.headers['x-run-id']);
      await chatter.call('POST', `/runs/${live.headers['x-run-id']}/cancel`, { as: anna });
      expect((await again.whole()).log).toBe((await queued.whole()).log);
    });
  });

  describe('on other routes', () => {
    it('stores the answer of POST /conversations with its headers', async () => {
      const key = newKey();
      const before = await stored();
      const first = await post('/conversations', { title: 'Once' }, key);
      const again = await Promise.all(Array.from({ length: 5 }, () => post('/conversations', { title: 'Once' }, key)));
      expect(first.status).toBe(201);
      for (const { status, headers, body } of again) {
        expect([status, body]).toEqual([201, first.body]);
        for (const name of ['location', 'etag', 'content-type']) {
          expect([name, headers.get(name)]).toEqual([name, first.headers.get(name)]);
        }
      }
      expect((await stored()).conversations).toBe(before.conversations + 1);
    });

    it('of 50 parallel requests makes one conversation', async () => {
      const key = newKey();
      const before = await stored();
      const answers = await Promise.all(
        Array.from({ length: 50 }, () => post('/conversations', { title: 'Once' }, key)),
      );
      expect((await stored()).conversations).toBe(before.conversations + 1);
      const made = answers.filter(({ status }) => status === 201);
      expect(new Set(made.map(({ body }) => body.id)).size).toBe(1);
      expect(answers.filter(({ status }) => status !== 201 && status !== 409)).toEqual([]);
    });

    it('stores a message once', async () => {
      const conversation = (await post('/conversations', {}, newKey())).body.id as string;
      const key = newKey();
      const path = `/conversations/${conversation}/messages`;
      const first = await post(path, { content: 'Once' }, key);
      expect((await post(path, { content: 'Once' }, key)).body).toEqual(first.body);
      expect((await chatter.call('GET', path, { as: anna })).body.items).toHaveLength(1);
    });

    it('is kept apart by the query', async () => {
      const key = newKey();
      expect((await post('/conversations', {}, key)).status).toBe(201);
      expect((await post('/conversations?x=1', {}, key)).status).toBe(422);
    });
  });

  describe('whose holder is slower than its hold on the key', () => {
    /** Sends the request twice so that both believe to hold the key, and lets both go on at once. */
    async function twice(table: string, send: (key: string) => Promise<Answer>): Promise<Answer[]> {
      const key = newKey();
      const blocker = new Client(chatter.database.connection);
      await blocker.connect();
      const held = (): Promise<number> =>
        sql
          .query(`SELECT count(*)::int FROM pg_locks WHERE NOT granted AND relation = $1::regclass`, [table])
          .then(({ rows }) => rows[0].count as number);
      try {
        await blocker.query(`BEGIN; LOCK TABLE ${table} IN EXCLUSIVE MODE`);
        const first = send(key);
        await eventually(async () => (await held()) === 1);
        await sql.query(`UPDATE idempotency_key SET locked_until = now() - interval '1 s' WHERE key = $1`, [key]);
        const second = send(key);
        await eventually(async () => (await held()) === 2);
        await blocker.query('COMMIT');
        const answers = await Promise.all([first, second]);
        return [...answers, await answered(() => send(key))];
      } finally {
        await blocker.end();
      }
    }

    it('still causes one run', async () => {
      const before = await stored();
      const [first, second, later] = await twice('run', (key) => post('/chat', { message: 'Say exactly: one' }, key));
      expect(await stored()).toMatchObject({
        runs: before.runs + 1,
        users: before.users + 1,
        answers: before.answers + 1,
      });
      expect([first!.status, second!.status].sort()).toEqual([200, 409]);
      expect([later!.status, later!.body]).toEqual([200, first!.status === 200 ? first!.body : second!.body]);
    });

    it('still makes one conversation', async () => {
      const before = await stored();
      const answers = await twice('conversation', (key) => post('/conversations', { title: 'Once' }, key));
      expect((await stored()).conversations).toBe(before.conversations + 1);
      expect(
        answers
          .slice(0, 2)
          .map(({ status }) => status)
          .sort(),
      ).toEqual([201, 409]);
      expect(answers[2]!.body).toEqual(answers.find(({ status }) => status === 201)!.body);
    });
  });

  describe('that is no key', () => {
    it.each(['', ' ', 'a b', 'ü'.repeat(2), 'x'.repeat(256)])('%j is a 400', async (key) => {
      const encoded = Buffer.from(key, 'utf8').toString('latin1');
      const { status, body } = await post('/chat', { message: 'Hello' }, encoded);
      expect([status, body.type]).toEqual([400, '/problems/idempotency-key-invalid']);
    });

    it.each(["'; DROP TABLE idempotency_key; --".replaceAll(' ', '_'), '~'.repeat(255), '__proto__'])(
      '%j is one',
      async (key) => {
        expect((await post('/chat', { message: 'Hello' }, key)).status).toBe(200);
      },
    );
  });

  it('does not turn a body that is nested too deeply into a failure of ours', async () => {
    const nested = `${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`;
    for (const headers of [{}, { 'Idempotency-Key': newKey() }]) {
      const response = await fetch(`${chatter.url}/api/v1/chat`, {
        method: 'POST',
        headers: { ...anna.headers, ...headers, 'Content-Type': 'application/json' },
        body: `{"message":"x","metadata":${nested}}`,
      });
      expect([response.status, ((await response.json()) as { type: string }).type]).toEqual([
        422,
        '/problems/validation-failed',
      ]);
    }
  });

  it('survives kill -9 in the middle of the turn: repeated after the restart it goes on with the same run', async () => {
    const servers = new Servers();
    const environment = {
      ...chatter.database.environment,
      ENCRYPTION_KEY: Buffer.alloc(32, 7).toString('base64'),
      RUN_LEASE_MS: '3000',
      RUN_SWEEP_MS: '200',
    };
    try {
      const key = newKey();
      const body = { message: '[[tokens=20]][[slow=300]]', metadata: { crash: true } };
      const send = (url: string): Promise<LiveStream> =>
        openStream(`${url}/api/v1/chat`, {
          method: 'POST',
          headers: { ...anna.headers, 'Idempotency-Key': key, Accept: 'application/json' },
          body,
        });
      const first = await servers.start(environment);
      const lost = send(first.url!).catch(() => undefined);
      const { id } = await eventually(async () => {
        const { rows } = await sql.query<{ id: string }>(
          `SELECT id FROM run WHERE metadata ? 'crash' AND (SELECT count(*) FROM run_event WHERE run_id = run.id) >= 5`,
        );
        return rows[0];
      });
      await first.kill();
      await lost;
      const before = await stored();

      const second = await servers.start({ ...environment, RUN_LEASE_MS: '60000' });
      const answer = await eventually(
        async () => {
          const live = await send(second.url!);
          await live.ended;
          return live.status !== 409 && live;
        },
        { everyMs: 200 },
      );
      expect([answer.status, JSON.parse(answer.text).run]).toMatchObject([
        200,
        { id, status: 'succeeded', attempt: 2 },
      ]);
      expect(await stored()).toEqual({ ...before, answers: before.answers + 1 });
    } finally {
      await servers.clean();
    }
  }, 60_000);
});
