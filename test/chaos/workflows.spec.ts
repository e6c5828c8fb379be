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
import { recordingUpstream, type RecordingUpstream } from '../support/recording-upstream.js';
import { Servers, type ServerProcess } from '../support/server-process.js';
import { someMoment } from '../support/some-moment.js';
import { storiesOf, type Story } from '../support/workflow-stories.js';

const KILLS = Number(process.env.CHAOS_KILLS ?? 12);

interface Told {
  readonly status: string;
  readonly output: unknown;
  readonly problem: unknown;
}

/** What every run of a story comes to, whichever run it is: without its tag, its times and its ids. */
function essenceOf({ output, ...told }: Told, tag: string): unknown {
  const strip = (value: unknown): unknown => {
    if (typeof value === 'string') return value.replaceAll(tag, 'TAG');
    if (Array.isArray(value)) return value.map(strip);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(
      Object.entries(value)
        .filter(([name]) => !['durationMs', 'usage', 'headers', 'traceId', 'runId', 'instance'].includes(name))
        .map(([name, member]) => [name, strip(member)]),
    );
  };
  // How much had been said when a node failed is a matter of moments.
  const kept = told.status === 'failed' ? { ...(output as object), text: undefined } : output;
  return strip({ ...told, output: kept });
}

/** The one process is killed again and again while workflows of all kinds run. */
describe('kill -9 of a process that runs workflows', () => {
  const servers = new Servers();
  let upstream: RecordingUpstream;
  let dataDir: string;
  let database: EmbeddedPostgres;
  let sql: Client;
  let server: ServerProcess;
  let headers: { readonly Authorization: string };

  const start = (leaseMs = '1500'): Promise<ServerProcess> =>
    servers.start({
      ...upstream.environment,
      DATA_DIR: dataDir,
      RUN_LEASE_MS: leaseMs,
      RUN_SWEEP_MS: '200',
      RUN_MAX_ATTEMPTS: '100',
      EVENT_FLUSH_MS: '20',
    });

  beforeAll(async () => {
    upstream = await recordingUpstream();
    dataDir = join(await servers.folder(), 'data');
    server = await start('60000');
    headers = { Authorization: `Bearer ${server.apiKey}` };
    database = await startEmbeddedPostgres({ dataDir });
    sql = new Client(database.connection);
    await sql.connect();
  });

  afterAll(async () => {
    await sql?.end();
    await servers.clean();
    await database?.stop();
    await upstream?.stop();
  });

  const call = (method: string, path: string, body?: object) =>
    server.api.call(method, path, { as: { headers }, body });

  /**
   * Starts it in the background: a request that no process answers is repeated, and starts it once. Undefined when the
   * process died before there was a run: its key is locked for a while.
   */
  async function begin({ definition, input }: Story, tag: string): Promise<string | undefined> {
    const body = { definition, input: { tag, ...input }, mode: 'background', metadata: { tag } };
    const request = { as: { headers }, body, headers: { 'Idempotency-Key': tag } };
    const { status, body: answer } = await eventually(() => server.api.call('POST', '/runs', request), {
      withinMs: 240_000,
      what: `an answer to the request for run ${tag}`,
    });
    expect([202, 409]).toContain(status);
    return status === 202 ? (answer.run.id as string) : undefined;
  }

  async function toldOf(id: string): Promise<Told & { readonly ended_at: Date | null }> {
    const { rows } = await sql.query('SELECT status, output, problem, ended_at FROM run WHERE id = $1', [id]);
    return rows[0];
  }

  /** Approves whatever is asked for, through whichever process there is. */
  async function approveAll(): Promise<void> {
    const { rows } = await sql.query<{ id: string }>(`SELECT id FROM approval WHERE status = 'pending'`);
    for (const { id } of rows)
      await call('POST', `/approvals/${id}/decision`, { decision: 'approve' }).catch(() => undefined);
  }

  /** What the log says is done, by what it asked of the upstream. */
  async function finishedCalls(): Promise<readonly string[]> {
    const { rows } = await sql.query<{ key: string }>(
      `SELECT coalesce(result::jsonb->'input'->>'prompt', regexp_replace(result::jsonb->'input'->>'url', '^https?://[^/]+', '')) AS key
       FROM run_event WHERE type = 'node_end' AND data::jsonb->>'nodeType' IN ('model', 'http')
         AND data::jsonb->>'status' = 'succeeded'`,
    );
    return rows.map(({ key }) => key);
  }

  async function ended(ids: readonly string[], withinMs: number): Promise<void> {
    const unended = async () => {
      await approveAll();
      const { rows } = await sql.query(
        `SELECT status, attempt, wake_at, metadata, (SELECT data FROM run_event WHERE run_id = run.id ORDER BY seq DESC LIMIT 1) AS last
         FROM run WHERE id = ANY ($1) AND ended_at IS NULL`,
        [ids],
      );
      return rows;
    };
    await eventually(async () => (await unended()).length === 0, { withinMs, everyMs: 100 }).catch(async () => {
      throw new Error(`Runs have no end: ${JSON.stringify(await unended(), null, 1)}\n${server.errors.slice(-2_000)}`);
    });
  }

  it(
    `at ${KILLS} moments lets every run end as it would have, and asks for nothing twice that is in the log`,
    async () => {
      const stories = storiesOf(upstream.url);
      const essence = new Map<string, unknown>();
      const begun = await Promise.all(stories.map((story, index) => begin(story, `calm${index}`)));
      const calm = begun.flatMap((id) => id ?? []);
      expect(calm).toHaveLength(stories.length);
      await ended(calm, 120_000);
      for (const [index, story] of stories.entries())
        essence.set(story.name, essenceOf(await toldOf(calm[index] ?? ''), `calm${index}`));
      expect([...upstream.asked].filter(([, times]) => times > 1)).toEqual([]);
      expect([...essence.values()].map((told) => (told as Told).status)).toEqual(
        stories.map(({ name }) => (name === 'failure' ? 'failed' : 'succeeded')),
      );
      expect(await brokenPromises(sql)).toEqual([]);
      await server.stop();
      server = await start();

      let killing = true;
      const runs: { readonly story: Story; readonly tag: string; readonly id: string }[] = [];
      const feeding = (async () => {
        for (let count = 0; killing; count += 1) {
          const story = stories[count % stories.length] as Story;
          const tag = `r${count}x`;
          const id = await begin(story, tag);
          if (id !== undefined) runs.push({ story, tag, id });
          await approveAll().catch(() => undefined);
          await sleep(randomInt(0, 150));
        }
      })();
      feeding.catch(() => {
        killing = false;
      });
      /** How often each call had been asked for when the log first said that it was done. */
      const finished = new Map<string, number>();
      try {
        for (let kill = 0; kill < KILLS && killing; kill += 1) {
          await someMoment(sql);
          await server.kill();
          for (const key of await finishedCalls())
            if (!finished.has(key)) finished.set(key, upstream.asked.get(key) ?? 0);
          expect(await brokenPromises(sql)).toEqual([]);
          server = await start();
        }
      } finally {
        killing = false;
      }
      await feeding;
      await ended(
        runs.map(({ id }) => id),
        120_000 + KILLS * 5_000,
      );

      expect(await brokenPromises(sql)).toEqual([]);
      for (const { story, tag, id } of runs)
        expect([story.name, essenceOf(await toldOf(id), tag)]).toEqual([story.name, essence.get(story.name)]);
      const { rows: made } = await sql.query(`SELECT id FROM run WHERE metadata->>'tag' LIKE 'r%x'`);
      expect(made).toHaveLength(runs.length);
      expect(finished.size).toBeGreaterThan(KILLS);
      const askedAgain = [...finished].filter(([key, times]) => upstream.asked.get(key) !== times);
      expect(askedAgain).toEqual([]);
      const { rows } = await sql.query<{ resumed: number }>(
        `SELECT count(*)::int AS resumed FROM run WHERE attempt > 1`,
      );
      expect(rows[0]?.resumed).toBeGreaterThan(0);
    },
    KILLS * 20_000 + 300_000,
  );
});
