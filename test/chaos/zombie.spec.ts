import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import type { SignedIn } from '../support/app.js';
import { brokenPromises } from '../support/broken-promises.js';
import { eventually } from '../support/eventually.js';
import { testDatabase, type TestDatabase } from '../support/postgres.js';
import { Servers, type ServerProcess } from '../support/server-process.js';
import { logText, openStream, textOf, type LiveStream } from '../support/sse.js';

/** Seconds: a process on a busy machine may stand still for one, and would lose its lease without being stopped. */
const LEASE_MS = 5_000;

/** A process that stands still past its lease and wakes up is the hardest case: it believes to own its runs. */
describe('a stale owner of a run', () => {
  const servers = new Servers();
  let database: TestDatabase;
  let sql: Client;
  let anna: SignedIn;

  beforeAll(async () => {
    database = await testDatabase('zombie');
    sql = new Client(database.connection);
    await sql.connect();
    const first = await start();
    anna = await first.api.register();
    await first.stop();
  });

  afterEach(async () => {
    await servers.clean();
    await sql.query('TRUNCATE run, run_event, usage_entry, usage_day, message, conversation CASCADE');
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
      RUN_LEASE_MS: String(LEASE_MS),
      RUN_SWEEP_MS: '300',
      EVENT_FLUSH_MS: '5',
      ...environment,
    });
  const chat = (server: ServerProcess, message: string): Promise<LiveStream> =>
    openStream(`${server.url}/api/v1/chat`, { method: 'POST', headers: anna.headers, body: { message } });
  const follow = (server: ServerProcess, runId: string): Promise<LiveStream> =>
    openStream(`${server.url}/api/v1/runs/${runId}/events`, { headers: anna.headers });

  interface Row {
    readonly status: string;
    readonly attempt: number;
    readonly fence: string;
    readonly lease_owner: string | null;
  }
  const runOf = async (id: string): Promise<Row> =>
    (await sql.query<Row>('SELECT * FROM run WHERE id = $1', [id])).rows[0]!;
  const logOf = async (id: string): Promise<string> =>
    logText(
      (
        await sql.query<{ id: number; data: string }>(
          'SELECT seq AS id, data FROM run_event WHERE run_id = $1 ORDER BY seq',
          [id],
        )
      ).rows,
    );
  const answersOf = async (id: string): Promise<string[]> =>
    (
      await sql.query<{ content: string }>(`SELECT content FROM message WHERE run_id = $1 AND role = 'assistant'`, [id])
    ).rows.map(({ content }) => content);
  /** Awake again, and given the time to do what it had in mind. */
  const awake = async (server: ServerProcess): Promise<void> => {
    server.signal('SIGCONT');
    await eventually(async () => (await fetch(`${server.url}/livez`)).ok);
    await sleep(LEASE_MS / 2);
  };

  it('that wakes after another has ended its run writes nothing', async () => {
    const one = await start();
    const live = await chat(one, '[[tokens=400]][[slow=15]]');
    const { runId } = await live.event(({ type }) => type === 'token');
    one.signal('SIGSTOP');
    const two = await start();
    const { frames, done } = await (await follow(two, runId)).whole();
    expect([done, frames.at(-1)!.event.type]).toEqual([true, 'complete']);
    const before = [await logOf(runId), await runOf(runId), await answersOf(runId)];

    await awake(one);
    expect([await logOf(runId), await runOf(runId), await answersOf(runId)]).toEqual(before);
    expect(await runOf(runId)).toMatchObject({ status: 'succeeded', attempt: 2 });
    expect(await answersOf(runId)).toEqual([textOf(frames.map(({ event }) => event))]);
    expect(await brokenPromises(sql)).toEqual([]);

    const woken = await live.whole();
    expect(woken.done).toBe(true);
    expect(woken.log).toBe(await logOf(runId));
  });

  it('that wakes while another executes its run does not mix into its log', async () => {
    const one = await start();
    const live = await chat(one, '[[tokens=400]][[slow=15]]');
    const { runId } = await live.event(({ type }) => type === 'token');
    one.signal('SIGSTOP');
    const two = await start();
    const follower = await follow(two, runId);
    await follower.event(({ type }) => type === 'reset');
    await awake(one);
    const { frames, done } = await follower.whole();
    const events = frames.map(({ event }) => event);
    expect([done, events.at(-1)!.type]).toEqual([true, 'complete']);
    expect(textOf(events)).toBe(events.at(-1)!.message.content);
    expect(events.filter(({ type, code }) => type === 'note' && code === 'resumed')).toHaveLength(1);
    expect(await answersOf(runId)).toEqual([events.at(-1)!.message.content]);
    expect(await brokenPromises(sql)).toEqual([]);
    expect((await live.whole()).log).toBe(await logOf(runId));
  });

  describe('whose run was claimed by another that is silent', () => {
    /** As a claim does: once it is done, nothing that the former owner began before is still on its way. */
    const steal = (runId: string) =>
      sql.query(
        `WITH taken AS MATERIALIZED (SELECT id FROM run WHERE id = $1 AND status = 'running' FOR UPDATE)
         UPDATE run SET fence = fence + 1, lease_owner = 'thief', lease_until = '2100-01-01' FROM taken WHERE run.id = taken.id`,
        [runId],
      );

    it('appends nothing', async () => {
      const one = await start();
      const live = await chat(one, '[[tokens=2000]][[slow=10]]');
      const { runId } = await live.event(({ type }) => type === 'token');
      await steal(runId);
      const before = await logOf(runId);
      await sleep(LEASE_MS / 2);
      expect(await logOf(runId)).toBe(before);
      expect(await runOf(runId)).toMatchObject({ status: 'running', lease_owner: 'thief' });
      expect(await answersOf(runId)).toEqual([]);
    });

    it('does not prolong its lease, and lets it go', async () => {
      const one = await start();
      const live = await chat(one, '[[stall:after=1]] Say exactly: x y');
      const { runId } = await live.event(({ type }) => type === 'token');
      await steal(runId);
      const before = [await runOf(runId), await logOf(runId)];
      await sleep(LEASE_MS);
      expect([await runOf(runId), await logOf(runId)]).toEqual(before);
      expect((await one.stop()).code).toBe(0);
      expect([await runOf(runId), await logOf(runId)]).toEqual(before);
    });

    it('does not end it', async () => {
      const one = await start({ EVENT_FLUSH_MS: '1000', RUN_LEASE_MS: '60000' });
      const live = await chat(one, '[[stall]]');
      const runId = live.headers['x-run-id'] as string;
      await eventually(async () => (await logOf(runId)).includes('"nodeId":"model"'));
      await steal(runId);
      const before = await logOf(runId);
      const { body } = await one.api.call('POST', `/runs/${runId}/cancel`, { as: anna });
      expect(body).toMatchObject({ id: runId, status: 'running' });
      expect(await runOf(runId)).toMatchObject({ status: 'running', lease_owner: 'thief' });
      expect(await logOf(runId)).toBe(before);
    });

    it('does not give it back', async () => {
      const one = await start({ SHUTDOWN_TIMEOUT_MS: '0', RUN_LEASE_MS: '60000' });
      const live = await chat(one, '[[stall:after=1]] Say exactly: x y');
      const { runId } = await live.event(({ type }) => type === 'token');
      await steal(runId);
      const before = await runOf(runId);
      expect((await one.stop()).code).toBe(0);
      expect(await runOf(runId)).toEqual(before);
    });
  });

  it('that is alone and wakes past its lease goes on with its run at once', async () => {
    const leaseMs = 2 * LEASE_MS;
    for (let pause = 0; pause < 2; pause += 1) {
      const only = await start({ RUN_LEASE_MS: String(leaseMs) });
      const live = await chat(only, '[[tokens=30]][[slow=20]]');
      const { runId } = await live.event(({ type }) => type === 'token');
      only.signal('SIGSTOP');
      await sleep(leaseMs * 1.5);
      only.signal('SIGCONT');
      const at = Date.now();
      const { frames, done } = await live.whole();
      // Another lease would have to be over first if it had been prolonged while it was given back.
      expect(Date.now() - at).toBeLessThan(leaseMs);
      const events = frames.map(({ event }) => event);
      expect([done, events.at(-1)!.type]).toEqual([true, 'complete']);
      expect(textOf(events)).toBe(events.at(-1)!.message.content);
      expect((await runOf(runId)).attempt).toBeLessThanOrEqual(2);
      expect(await brokenPromises(sql)).toEqual([]);
      await only.stop();
    }
  });
});
