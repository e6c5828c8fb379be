import { Client } from 'pg';
import type { SignedIn } from '../support/app.js';
import { brokenPromises } from '../support/broken-promises.js';
import { eventually } from '../support/eventually.js';
import { testDatabase, type TestDatabase } from '../support/postgres.js';
import { Servers, type ServerProcess } from '../support/server-process.js';
import { openStream } from '../support/sse.js';

const MAX_ATTEMPTS = 2;

describe('a run that kills its process', () => {
  const servers = new Servers();
  let database: TestDatabase;
  let sql: Client;
  let anna: SignedIn;

  beforeAll(async () => {
    database = await testDatabase('poison');
    sql = new Client(database.connection);
    await sql.connect();
  });

  afterAll(async () => {
    await servers.clean();
    await sql?.end();
    await database?.drop();
  });

  const start = (): Promise<ServerProcess> =>
    servers.start({
      ...database.environment,
      ENCRYPTION_KEY: Buffer.alloc(32, 7).toString('base64'),
      RUN_LEASE_MS: '60000',
      RUN_SWEEP_MS: '200',
      RUN_MAX_ATTEMPTS: String(MAX_ATTEMPTS),
    });

  it('is given up after its attempts: failed, no answer, conversation free, and other runs go on', async () => {
    let server = await start();
    anna = await server.api.register();
    const live = await openStream(`${server.url}/api/v1/chat`, {
      method: 'POST',
      headers: anna.headers,
      body: { message: '[[stall:after=2]] Say exactly: one two three' },
    });
    const { runId } = await live.event(({ type }) => type === 'token');
    const { conversationId } = live.reading.frames[0]!.event;
    const kill = async () => {
      await server.kill();
      await sql.query(`UPDATE run SET lease_until = now() - interval '1 s' WHERE id = $1`, [runId]);
    };
    await kill();
    for (let attempt = 2; attempt <= MAX_ATTEMPTS; attempt += 1) {
      server = await start();
      await eventually(async () => {
        const { rows } = await sql.query<{ attempt: number }>('SELECT attempt FROM run WHERE id = $1', [runId]);
        return rows[0]?.attempt === attempt;
      });
      await kill();
    }
    server = await start();
    const end = await openStream(`${server.url}/api/v1/runs/${runId}/events`, { headers: anna.headers });
    const { frames, done } = await end.whole();
    expect([done, frames.at(-1)!.event]).toMatchObject([
      true,
      { type: 'error', problem: { type: '/problems/run-quarantined' } },
    ]);
    expect(frames.map(({ id }) => id)).toEqual(frames.map((_, index) => index + 1));
    const { body: run } = await server.api.call('GET', `/runs/${runId}`, { as: anna });
    expect(run).toMatchObject({ status: 'failed', attempt: MAX_ATTEMPTS + 1, problem: { status: 500, runId } });
    expect(run.problem.detail).toContain(String(MAX_ATTEMPTS));

    const next = await server.api.call('POST', '/chat', {
      as: anna,
      body: { conversationId, message: 'Say exactly: alive' },
    });
    expect([next.status, next.body.message.content]).toEqual([200, 'alive']);
    const { body: messages } = await server.api.call('GET', `/conversations/${conversationId}/messages`, { as: anna });
    expect(messages.items.map(({ role }: { role: string }) => role)).toEqual(['user', 'user', 'assistant']);
    expect(await brokenPromises(sql)).toEqual([]);
    expect((await server.stop()).code).toBe(0);
  });
});
