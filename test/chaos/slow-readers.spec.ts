import { execFileSync } from 'node:child_process';
import { connect, type Socket } from 'node:net';
import { Client } from 'pg';
import type { SignedIn } from '../support/app.js';
import { eventually } from '../support/eventually.js';
import { testDatabase, type TestDatabase } from '../support/postgres.js';
import { Servers, type ServerProcess } from '../support/server-process.js';
import { openStream, readingOf } from '../support/sse.js';

const READERS = 30;
const EVENTS = 4_000;
const EVENT_BYTES = 8_000;

describe('readers that do not read', () => {
  const servers = new Servers();
  let database: TestDatabase;
  let sql: Client;
  let server: ServerProcess;
  let anna: SignedIn;
  let runId: string;

  beforeAll(async () => {
    database = await testDatabase('readers');
    sql = new Client(database.connection);
    await sql.connect();
    server = await servers.start({
      ...database.environment,
      ENCRYPTION_KEY: Buffer.alloc(32, 7).toString('base64'),
      SCRIPTED_TOKEN_MS: '0',
    });
    anna = await server.api.register();
    runId = await runWithLongLog();
  });

  afterAll(async () => {
    await servers.clean();
    await sql?.end();
    await database?.drop();
  });

  /** A run whose log is far longer than what may wait for a reader. */
  async function runWithLongLog(): Promise<string> {
    const { body } = await server.api.call('POST', '/chat', { as: anna, body: { message: 'Hello' } });
    const id = body.run.id as string;
    await sql.query('DELETE FROM run_event WHERE run_id = $1', [id]);
    await sql.query(
      `INSERT INTO run_event (workspace_id, run_id, seq, type, data)
       SELECT $2, $1::uuid, seq, CASE seq WHEN $3::int THEN 'complete' ELSE 'token' END,
         json_build_object('type', 'token', 'seq', seq, 'runId', $1::uuid, 'content', repeat(md5(seq::text), $4::int / 32))::text
       FROM generate_series(1, $3::int) seq`,
      [id, anna.user.personalWorkspaceId, EVENTS, EVENT_BYTES],
    );
    return id;
  }

  const residentBytes = (): number =>
    Number(execFileSync('ps', ['-o', 'rss=', '-p', String(server.pid)], { encoding: 'utf8' })) * 1024;

  it('cost bounded memory, hold nobody back, are cut, and may resume', async () => {
    await (
      await openStream(`${server.url}/api/v1/runs/${runId}/events`, { headers: anna.headers })
    ).ended;
    const before = residentBytes();
    const { port } = new URL(server.url!);
    const stuck: Socket[] = Array.from({ length: READERS }, () => {
      const socket = connect({ port: Number(port), host: '127.0.0.1' });
      socket.on('error', () => undefined);
      socket.pause();
      socket.write(
        `GET /api/v1/runs/${runId}/events HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAccept: text/event-stream\r\n` +
          `Authorization: ${anna.headers.Authorization}\r\n\r\n`,
      );
      return socket;
    });
    try {
      let most = 0;
      const until = Date.now() + 3_000;
      while (Date.now() < until) {
        const at = Date.now();
        const turn = await openStream(`${server.url}/api/v1/chat`, {
          method: 'POST',
          headers: anna.headers,
          body: { message: '[[tokens=20]]' },
        });
        expect((await turn.whole()).done).toBe(true);
        expect(Date.now() - at).toBeLessThan(30_000);
        most = Math.max(most, residentBytes() - before);
      }
      // What all of them would have waiting if nothing was held back is 960 MB.
      expect(most).toBeLessThan((READERS * EVENTS * EVENT_BYTES) / 4);

      const [first] = stuck;
      const got: Buffer[] = [];
      await eventually(async () => !isOpenAtServer(first!), { withinMs: 30_000, everyMs: 250 });
      first!.on('data', (chunk) => got.push(chunk)).resume();
      await new Promise<void>((resolve) => void first!.once('close', () => resolve()));
      const text = Buffer.concat(got).toString('utf8');
      expect(text).not.toContain('[DONE]');
      const frames = [...text.matchAll(/^id: (\d+)$/gm)].map(([, id]) => Number(id));
      expect(frames.length).toBeGreaterThan(0);
      const rest = await openStream(`${server.url}/api/v1/runs/${runId}/events`, {
        headers: { ...anna.headers, 'Last-Event-ID': String(EVENTS - 2) },
      });
      await rest.ended;
      expect(readingOf(rest.text)).toMatchObject({ done: true, frames: [{ id: EVENTS - 1 }, { id: EVENTS }] });
    } finally {
      for (const socket of stuck) socket.destroy();
    }
  });

  /** Whether the server has not closed its side of the connection, as the kernel tells. */
  function isOpenAtServer(socket: Socket): boolean {
    const tables = execFileSync('cat', ['/proc/net/tcp'], { encoding: 'utf8' });
    const hex = (port: number): string => port.toString(16).toUpperCase().padStart(4, '0');
    const [here, there] = [hex(Number(new URL(server.url!).port)), hex(socket.localPort!)];
    return tables.split('\n').some((line) => new RegExp(`^\\s*\\d+: \\S+:${here} \\S+:${there} 01 `).test(line));
  }
});
