import { Client } from 'pg';
import type { SignedIn } from '../support/app.js';
import { brokenPromises } from '../support/broken-promises.js';
import { eventually } from '../support/eventually.js';
import { testDatabase, type TestDatabase } from '../support/postgres.js';
import { Servers, type ServerProcess } from '../support/server-process.js';
import { openStream, textOf, type LiveStream } from '../support/sse.js';

const LONG = '[[tokens=300]][[slow=20]]';

describe('SIGTERM', () => {
  const servers = new Servers();
  let database: TestDatabase;
  let sql: Client;
  let anna: SignedIn;
  /** Stays, and takes over what others leave. */
  let other: ServerProcess;

  beforeAll(async () => {
    database = await testDatabase('shutdown');
    sql = new Client(database.connection);
    await sql.connect();
    other = await start();
    anna = await other.api.register();
  });

  afterAll(async () => {
    await servers.clean();
    await sql?.end();
    await database?.drop();
  });

  const start = (environment: Record<string, string> = {}): Promise<ServerProcess> =>
    servers.start({
      ...database.environment,
      ENCRYPTION_KEY: Buffer.alloc(32, 7).toString('base64'),
      RUN_LEASE_MS: '30000',
      RUN_SWEEP_MS: '300',
      ...environment,
    });
  const chat = (server: ServerProcess, body: object, headers: Record<string, string> = {}): Promise<LiveStream> =>
    openStream(`${server.url}/api/v1/chat`, { method: 'POST', headers: { ...anna.headers, ...headers }, body });
  const runOf = async (id: string) => (await other.api.call('GET', `/runs/${id}`, { as: anna })).body;

  it('in the middle of a stream hands the run over: the attempt does not count, the reader goes on elsewhere', async () => {
    const leaving = await start({ SHUTDOWN_TIMEOUT_MS: '200' });
    const live = await chat(leaving, { message: LONG });
    const { runId } = await live.event(({ type }) => type === 'token');
    const at = Date.now();
    const exit = leaving.stop();
    expect(await live.ended).toBe('end');
    const first = live.reading;
    expect([first.done, first.retryMs, first.rest]).toEqual([false, expect.any(Number), '']);
    expect(await exit).toEqual({ code: 0, signal: null });
    expect(Date.now() - at).toBeLessThan(20_000);

    const rest = await openStream(`${other.url}/api/v1/runs/${runId}/events`, {
      headers: { ...anna.headers, 'Last-Event-ID': String(first.frames.at(-1)!.id) },
    });
    const second = await rest.whole();
    const frames = [...first.frames, ...second.frames];
    const events = frames.map(({ event }) => event);
    expect(frames.map(({ id }) => id)).toEqual(frames.map((_, index) => index + 1));
    expect([second.done, events.at(-1)!.type]).toEqual([true, 'complete']);
    expect(textOf(events)).toBe(events.at(-1)!.message.content);
    expect(await runOf(runId)).toMatchObject({ status: 'succeeded', attempt: 1 });
    expect(await brokenPromises(sql)).toEqual([]);
  });

  it('lets a run end that is about to, with its stream', async () => {
    const leaving = await start({ SHUTDOWN_TIMEOUT_MS: '20000' });
    const live = await chat(leaving, { message: '[[tokens=40]][[slow=20]]' });
    await live.event(({ type }) => type === 'token');
    const exit = leaving.stop();
    const { done, frames, retryMs } = await live.whole();
    expect([done, frames.at(-1)!.event.type, retryMs]).toEqual([true, 'complete', undefined]);
    expect(await exit).toEqual({ code: 0, signal: null });
  });

  it('answers a turn that waits for JSON with 503 and its run, which goes on elsewhere; repeated there it has its answer', async () => {
    const leaving = await start({ SHUTDOWN_TIMEOUT_MS: '200' });
    const headers = { Accept: 'application/json', 'Idempotency-Key': 'handed-over' };
    const asked = chat(leaving, { message: LONG }, headers);
    const runId = await eventually(async () => {
      const { body } = await other.api.call('GET', '/runs?status=running', { as: anna });
      return body.items[0]?.id as string | undefined;
    });
    const exit = leaving.stop();
    const refused = await asked;
    expect(await refused.ended).toBe('end');
    expect([refused.status, Number(refused.headers['retry-after'])]).toEqual([503, expect.any(Number)]);
    expect(JSON.parse(refused.text)).toMatchObject({ type: '/problems/shutting-down', runId });
    expect((await exit).code).toBe(0);

    const again = await chat(other, { message: LONG }, headers);
    await again.ended;
    expect([again.status, JSON.parse(again.text)]).toMatchObject([
      200,
      { run: { id: runId, status: 'succeeded', attempt: 1 } },
    ]);
  });

  it('is told to probes first; requests are refused only after the delay, then the work is handed over', async () => {
    const leaving = await start({ SHUTDOWN_DELAY_MS: '8000', SHUTDOWN_TIMEOUT_MS: '8000' });
    const live = await chat(leaving, { message: '[[stall:after=1]] Say exactly: x y' });
    const { runId } = await live.event(({ type }) => type === 'token');
    const exit = leaving.stop();
    const say = () => leaving.api.call('POST', '/chat', { as: anna, body: { message: 'Hello' } });
    await eventually(async () => (await fetch(`${leaving.url}/readyz`)).status === 503, {
      withinMs: 7_000,
      everyMs: 5,
    });
    expect((await fetch(`${leaving.url}/livez`)).status).toBe(200);
    expect((await say()).status).toBe(200);
    const refused = await eventually(async () => {
      const answer = await say();
      return answer.status !== 200 && answer;
    });
    expect([refused.status, refused.body.type]).toEqual([503, '/problems/shutting-down']);
    expect(refused.headers.get('retry-after')).toMatch(/^\d+$/);
    expect((await leaving.api.call('GET', `/runs/${runId}`, { as: anna })).status).toBe(200);
    expect((await live.whole()).retryMs).toEqual(expect.any(Number));
    expect((await exit).code).toBe(0);
    await other.api.call('POST', `/runs/${runId}/cancel`, { as: anna });
  });

  it('loses no turn while processes come and go under load', async () => {
    let serving = await start({ SHUTDOWN_TIMEOUT_MS: '150' });
    let going = true;
    const unexpected: unknown[] = [];
    let answers = 0;
    const clients = Array.from({ length: 6 }, async (_, client) => {
      for (let turn = 0; going; turn += 1) {
        const headers = { 'Idempotency-Key': `rolling-${client}-${turn}` };
        const body = { message: '[[tokens=15]][[slow=10]]' };
        await eventually(
          async () => {
            const answer = await serving.api.call('POST', '/chat', { as: anna, body, headers });
            if (answer.status === 200) return true;
            const isExpected = answer.status === 409 || (answer.status === 503 && answer.headers.get('retry-after'));
            if (!isExpected) unexpected.push(answer.body);
            return false;
          },
          { withinMs: 30_000, everyMs: 50 },
        );
        answers += 1;
      }
    });
    for (let roll = 0; roll < 3; roll += 1) {
      const before = serving;
      serving = await start({ SHUTDOWN_TIMEOUT_MS: '150' });
      expect(await before.stop()).toEqual({ code: 0, signal: null });
    }
    going = false;
    await Promise.all(clients);
    expect(unexpected).toEqual([]);
    expect(answers).toBeGreaterThan(12);
    expect(await brokenPromises(sql)).toEqual([]);
    const { rows } = await sql.query<{ runs: number }>(
      `SELECT count(*)::int AS runs FROM run JOIN idempotency_key k ON k.run_id = run.id
       WHERE k.key LIKE 'rolling-%' AND run.status = 'succeeded' AND run.attempt = 1`,
    );
    expect(rows).toEqual([{ runs: answers }]);
  });

  it('a second time ends the process at once', async () => {
    const leaving = await start({ SHUTDOWN_TIMEOUT_MS: '20000' });
    const live = await chat(leaving, { message: '[[stall:after=1]] Say exactly: x y' });
    const { runId } = await live.event(({ type }) => type === 'token');
    leaving.signal('SIGTERM');
    await eventually(async () => (await fetch(`${leaving.url}/readyz`)).status === 503);
    const at = Date.now();
    leaving.signal('SIGTERM');
    expect(await leaving.exited).toEqual({ code: 1, signal: null });
    expect(Date.now() - at).toBeLessThan(10_000);
    await sql.query(`UPDATE run SET lease_until = now() WHERE id = $1`, [runId]);
    await other.api.call('POST', `/runs/${runId}/cancel`, { as: anna });
  });
});
