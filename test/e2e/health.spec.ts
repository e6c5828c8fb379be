import { startApp, type SignedIn, type TestApp } from '../support/app.js';
import { databaseLink, type DatabaseLink } from '../support/database-link.js';
import { eventually } from '../support/eventually.js';
import { testDatabase, type TestDatabase } from '../support/postgres.js';
import { openStream } from '../support/sse.js';

describe('health', () => {
  let database: TestDatabase;
  let link: DatabaseLink;
  let chatter: TestApp;
  let anna: SignedIn;

  beforeAll(async () => {
    database = await testDatabase('health');
    link = await databaseLink(database.url);
    chatter = await startApp(
      { DATABASE_URL: link.url, SCRIPTED_TOKEN_MS: '5', SHUTDOWN_TIMEOUT_MS: '100', RUN_LEASE_MS: '6000' },
      database,
    );
    anna = await chatter.register();
  });

  afterAll(async () => {
    link.mend();
    await chatter.close();
    await link.stop();
    await database.drop();
  });

  const probe = async (path: string): Promise<[number, Record<string, unknown>]> => {
    const response = await fetch(`${chatter.url}${path}`, { signal: AbortSignal.timeout(60_000) });
    expect(response.headers.get('cache-control')).toMatch(/no-store/);
    return [response.status, (await response.json()) as Record<string, unknown>];
  };
  const status = async (path: string): Promise<number> => (await probe(path))[0];

  it('is told without authentication: alive, ready, well', async () => {
    expect(await probe('/livez')).toEqual([200, { status: 'ok' }]);
    expect(await probe('/readyz')).toMatchObject([200, { status: 'ok', details: { database: { status: 'up' } } }]);
    expect(await probe('/healthz')).toMatchObject([200, { status: 'ok', details: { database: { status: 'up' } } }]);
  });

  it('is alive but not ready while the database is away; requests are refused with 503, and all is well again after', async () => {
    link.cut();
    expect(await status('/livez')).toBe(200);
    expect(await probe('/readyz')).toMatchObject([503, { status: 'error', details: { database: { status: 'down' } } }]);
    expect(await status('/healthz')).toBe(503);
    const at = Date.now();
    for (const [method, path, body] of [
      ['GET', '/runs', undefined],
      ['POST', '/chat', { message: 'Hello' }],
      ['POST', '/conversations', { title: 'x' }],
    ] as const) {
      const answer = await chatter.call(method, path, { as: anna, body });
      expect([path, answer.status, answer.body.type]).toEqual([path, 503, '/problems/unavailable']);
      expect(answer.headers.get('retry-after')).toMatch(/^\d+$/);
    }
    expect(Date.now() - at).toBeLessThan(10_000);
    link.mend();
    await eventually(async () => (await status('/readyz')) === 200);
    expect((await chatter.call('POST', '/chat', { as: anna, body: { message: 'Hello' } })).status).toBe(200);
  });

  it('of the database may break for a moment in the middle of a run: the run ends, its log has no gap', async () => {
    const live = await openStream(`${chatter.url}/api/v1/chat`, {
      method: 'POST',
      headers: anna.headers,
      body: { message: '[[tokens=40]][[slow=100]]' },
    });
    const { runId, conversationId } = await live.event(({ type }) => type === 'token');
    link.cut();
    await new Promise((resolve) => setTimeout(resolve, 400));
    link.mend();
    await live.ended;
    const run = await eventually(async () => {
      const { body } = await chatter.call('GET', `/runs/${runId}`, { as: anna });
      return body.status === 'running' ? undefined : body;
    });
    expect(run).toMatchObject({ status: 'succeeded', attempt: 1 });
    const replay = await openStream(`${chatter.url}/api/v1/runs/${runId}/events`, { headers: anna.headers });
    const { frames, done } = await replay.whole();
    expect([done, frames.map(({ id }) => id)]).toEqual([true, frames.map((_, index) => index + 1)]);
    const { start, complete } = Object.fromEntries(frames.map(({ event }) => [event.type, event]));
    expect(complete!.message.content.split(' ')).toHaveLength(40);
    expect(start!.conversationId ?? conversationId).toBe(run.conversationId);
  });

  it('of connections that are cut again and again costs no accepted turn', async () => {
    const conversations = await Promise.all(
      Array.from(
        { length: 5 },
        async () => (await chatter.call('POST', '/conversations', { as: anna, body: {} })).body.id,
      ),
    );
    let stop = false;
    // Ever more rarely, so that a turn gets done however slow the machine is.
    const cutting = (async () => {
      for (let pauseMs = 150; !stop; pauseMs *= 1.05) {
        link.interrupt();
        await new Promise((resolve) => setTimeout(resolve, pauseMs));
      }
    })();
    const turns = conversations.flatMap((conversationId: string) =>
      Array.from({ length: 3 }, (_, n) => ({
        conversationId,
        message: `[[tokens=10]][[slow=10]] ${n}`,
        onBusy: 'enqueue',
      })),
    );
    const answers = await Promise.all(
      turns.map((body, n) =>
        eventually(
          async () => {
            const headers = { 'Idempotency-Key': `cut-${n}` };
            const answer = await chatter.call('POST', '/chat', { as: anna, body, headers });
            if (answer.status >= 500 || answer.status === 409) throw new Error(JSON.stringify(answer.body));
            return answer;
          },
          { withinMs: 90_000, everyMs: 100 },
        ),
      ),
    ).finally(() => {
      stop = true;
    });
    await cutting;
    expect(answers.map(({ status: answered }) => answered)).toEqual(turns.map(() => 200));
    for (const id of conversations) {
      const { body } = await chatter.call('GET', `/conversations/${id}/messages`, { as: anna });
      expect(body.items.map(({ role, sequence }: Record<string, unknown>) => `${sequence} ${role}`)).toEqual(
        ['user', 'assistant', 'user', 'assistant', 'user', 'assistant'].map((role, index) => `${index + 1} ${role}`),
      );
    }
  });
});
