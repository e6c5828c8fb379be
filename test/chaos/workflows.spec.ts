import { join } from 'node:path';
import { Client } from 'pg';
import {
  startEmbeddedPostgres,
  type EmbeddedPostgres,
} from '../../src/platform/database/embedded/embedded-postgres.js';
import { brokenPromises } from '../support/broken-promises.js';
import { recordingUpstream, type RecordingUpstream } from '../support/recording-upstream.js';
import { Servers, type ServerProcess } from '../support/server-process.js';
import { someMoment } from '../support/some-moment.js';
import { StoryRuns } from '../support/story-runs.js';

const KILLS = Number(process.env.CHAOS_KILLS ?? 12);

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

  it(
    `at ${KILLS} moments lets every run end as it would have, and asks for nothing twice that is in the log`,
    async () => {
      const told = new StoryRuns(sql, upstream, (method, path, parts) =>
        server.api.call(method, path, { as: { headers }, ...parts }),
      );
      await told.calm();
      expect(await brokenPromises(sql)).toEqual([]);
      await server.stop();
      server = await start();

      told.feed();
      try {
        for (let kill = 0; kill < KILLS && told.goesOn; kill += 1) {
          await someMoment(sql);
          await server.kill();
          await told.noteFinished();
          expect(await brokenPromises(sql)).toEqual([]);
          server = await start();
        }
      } finally {
        await told.stop();
      }
      await told.expectAllWell(120_000 + KILLS * 5_000, KILLS);
      expect(await brokenPromises(sql)).toEqual([]);
      const { rows } = await sql.query<{ resumed: number }>(
        `SELECT count(*)::int AS resumed FROM run WHERE attempt > 1`,
      );
      expect(rows[0]?.resumed).toBeGreaterThan(0);
    },
    KILLS * 20_000 + 300_000,
  );
});
