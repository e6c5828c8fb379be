import { randomInt } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import {
  startEmbeddedPostgres,
  type EmbeddedPostgres,
} from '../../src/platform/database/embedded/embedded-postgres.js';
import { brokenPromises } from '../support/broken-promises.js';
import { eventually } from '../support/eventually.js';
import { Servers, type ServerProcess } from '../support/server-process.js';
import { someMoment } from '../support/some-moment.js';
import { logText, openStream, readingOf, textOf, type Frame } from '../support/sse.js';

const KILLS = Number(process.env.CHAOS_KILLS ?? 20);
const READERS = 5;

/** The one process is killed again and again, at any moment; clients come back until they have their answers. */
describe('kill -9', () => {
  const servers = new Servers();
  let dataDir: string;
  let database: EmbeddedPostgres;
  let sql: Client;
  let server: ServerProcess;
  let headers: { readonly Authorization: string };

  const start = (): Promise<ServerProcess> =>
    servers.start({
      DATA_DIR: dataDir,
      RUN_LEASE_MS: '1500',
      RUN_SWEEP_MS: '300',
      RUN_MAX_ATTEMPTS: '100',
      EVENT_FLUSH_MS: '5',
    });

  beforeAll(async () => {
    dataDir = join(await servers.folder(), 'data');
    server = await start();
    headers = { Authorization: `Bearer ${server.apiKey}` };
    database = await startEmbeddedPostgres({ dataDir });
    sql = new Client(database.connection);
    await sql.connect();
  });

  afterAll(async () => {
    await sql?.end();
    await servers.clean();
    await database?.stop();
  });

  /** Where the server listens just now. */
  const url = (): Promise<string> => eventually(() => !server.hasExited && server.url, { withinMs: 60_000 });

  interface Told {
    readonly runId: string;
    readonly frames: readonly Frame[];
    readonly connections: number;
  }

  /** A turn, as a client that never gives up: it resumes the stream it knows of, else repeats the request. */
  async function turn(name: string, body: object, deadline: number): Promise<Told> {
    let runId: string | undefined;
    let frames: Frame[] = [];
    for (let connections = 1; ; connections += 1) {
      if (Date.now() > deadline) throw new Error(`Turn ${name} has no end; run ${runId}, ${frames.length} events.`);
      const origin = await url();
      const last = frames.at(-1)?.id;
      const live = await (
        runId === undefined
          ? openStream(`${origin}/api/v1/chat`, {
              method: 'POST',
              headers: { ...headers, 'Idempotency-Key': name },
              body: { ...body, metadata: { turn: name } },
            })
          : openStream(`${origin}/api/v1/runs/${runId}/events`, {
              headers: { ...headers, ...(last === undefined ? {} : { 'Last-Event-ID': String(last) }) },
            })
      ).catch(() => undefined);
      if (!live) {
        await sleep(20);
        continue;
      }
      await live.ended;
      if (live.status !== 200) {
        expect([409, 503]).toContain(live.status);
        await sleep(100);
        continue;
      }
      runId = live.headers['x-run-id'] as string;
      const reading = readingOf(live.text);
      frames = [...frames, ...reading.frames];
      if (reading.done) return { runId, frames, connections };
    }
  }

  /** The same as JSON. */
  async function jsonTurn(name: string, body: object, deadline: number): Promise<Told> {
    for (;;) {
      if (Date.now() > deadline) throw new Error(`Turn ${name} has no end.`);
      const live = await openStream(`${await url()}/api/v1/chat`, {
        method: 'POST',
        headers: { ...headers, Accept: 'application/json', 'Idempotency-Key': name },
        body: { ...body, metadata: { turn: name } },
      }).catch(() => undefined);
      const end = await live?.ended;
      if (live && end === 'end' && live.status === 200) {
        const { run, message } = JSON.parse(live.text) as { run: { id: string }; message: { content: string } };
        const replay = await turnOf(run.id, deadline);
        expect(textOf(replay.map(({ event }) => event))).toBe(message.content);
        return { runId: run.id, frames: replay, connections: 1 };
      }
      await sleep(100);
    }
  }

  async function turnOf(runId: string, deadline: number): Promise<readonly Frame[]> {
    for (;;) {
      if (Date.now() > deadline) throw new Error(`Run ${runId} cannot be read.`);
      const live = await openStream(`${await url()}/api/v1/runs/${runId}/events`, { headers }).catch(() => undefined);
      await live?.ended;
      if (live?.status === 200 && live.reading.done) return live.reading.frames;
      await sleep(20);
    }
  }

  it(
    `at ${KILLS} moments loses no turn, doubles none, and every stream is read without gap or repeat`,
    async () => {
      const deadline = Date.now() + KILLS * 15_000 + 60_000;
      let killing = true;
      const told: Told[] = [];
      let turns = 0;
      /** Readers take turns on conversations of their own; every other one is two turns on one conversation. */
      const conversations: string[] = [];
      for (let reader = 0; reader < READERS; reader += 1) {
        const { body } = await server.api.call('POST', '/conversations', { as: { headers }, body: {} });
        conversations.push(body.id as string);
      }
      const reading = conversations.map(async (conversationId, reader) => {
        while (killing) {
          const length = randomInt(3, 60);
          const message = `[[tokens=${length}]][[slow=${randomInt(1, 15)}]]`;
          const one = { conversationId, message, onBusy: 'enqueue' };
          const name = `turn-${reader}-${++turns}`;
          if (reader % 3 === 0) told.push(await jsonTurn(name, one, deadline));
          else if (reader % 3 === 1) told.push(await turn(name, one, deadline));
          else told.push(...(await Promise.all([turn(name, one, deadline), turn(`${name}b`, one, deadline)])));
        }
      });
      const all = Promise.all(reading);
      all.catch(() => {
        killing = false;
      });

      try {
        for (let kill = 0; kill < KILLS && killing; kill += 1) {
          await someMoment(sql);
          await server.kill();
          expect(await brokenPromises(sql)).toEqual([]);
          server = await start();
        }
      } finally {
        killing = false;
      }
      await all;

      expect(told.length).toBeGreaterThanOrEqual(READERS);
      expect(await brokenPromises(sql)).toEqual([]);
      const { rows: doubled } = await sql.query(
        `SELECT metadata->>'turn' AS turn, count(*)::int FROM run GROUP BY 1 HAVING count(*) <> 1`,
      );
      expect(doubled).toEqual([]);
      const { rows: runs } = await sql.query<{ status: string; runs: number; resumed: number }>(
        'SELECT status, count(*)::int AS runs, count(*) FILTER (WHERE attempt > 1)::int AS resumed FROM run GROUP BY status',
      );
      expect(runs).toEqual([{ status: 'succeeded', runs: told.length, resumed: expect.any(Number) }]);
      expect(runs[0]!.resumed).toBeGreaterThan(0);
      for (const { runId, frames } of told) {
        expect(frames.map(({ id }) => id)).toEqual(frames.map((_, index) => index + 1));
        const { rows: events } = await sql.query<{ id: number; data: string }>(
          'SELECT seq AS id, data FROM run_event WHERE run_id = $1 ORDER BY seq',
          [runId],
        );
        expect(logText(frames)).toBe(logText(events));
        const { rows: answers } = await sql.query<{ content: string }>(
          `SELECT content FROM message WHERE run_id = $1 AND role = 'assistant'`,
          [runId],
        );
        expect(answers).toEqual([{ content: textOf(frames.map(({ event }) => event)) }]);
      }
    },
    KILLS * 15_000 + 90_000,
  );

  it('between the last event of a node and the end of its run ends it with the answer that is in the log', async () => {
    const { body } = await server.api.call('POST', '/chat', {
      as: { headers },
      body: { message: 'Say exactly: once and only once' },
    });
    const runId = body.run.id as string;
    await sql.query('BEGIN');
    await sql.query(`DELETE FROM message WHERE run_id = $1 AND role = 'assistant'`, [runId]);
    await sql.query(`DELETE FROM run_event WHERE run_id = $1 AND type = 'complete'`, [runId]);
    await sql.query(
      `UPDATE conversation SET message_count = message_count - 1, active_message_id = (
         SELECT id FROM message WHERE run_id = $2 AND role = 'user') WHERE id = $1`,
      [body.conversation.id, runId],
    );
    await sql.query(
      `UPDATE run SET status = 'running', output = NULL, usage = NULL, cost = NULL, ended_at = NULL, duration_ms = NULL,
         lease_owner = 'dead', lease_until = now() - interval '1 s' WHERE id = $1`,
      [runId],
    );
    await sql.query('COMMIT');
    const frames = await turnOf(runId, Date.now() + 20_000);
    const events = frames.map(({ event }) => event);
    expect(frames.map(({ id }) => id)).toEqual(frames.map((_, index) => index + 1));
    expect(events.filter(({ type }) => type === 'node_end').map(({ nodeId }) => nodeId)).toEqual(['memory', 'model']);
    expect(events.filter(({ type }) => type === 'reset')).toEqual([]);
    expect(events.filter(({ type, code }) => type === 'note' && code === 'resumed')).toHaveLength(1);
    expect(textOf(events)).toBe('once and only once');
    expect(events.at(-1)).toMatchObject({ type: 'complete', message: { content: 'once and only once' } });
  });
});
