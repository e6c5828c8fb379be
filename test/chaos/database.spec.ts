import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import type { SignedIn } from '../support/app.js';
import { brokenPromises } from '../support/broken-promises.js';
import { databaseLink, type DatabaseLink } from '../support/database-link.js';
import { testDatabase, type TestDatabase } from '../support/postgres.js';
import { recordingUpstream, type RecordingUpstream } from '../support/recording-upstream.js';
import { Servers, type ServerProcess } from '../support/server-process.js';
import { someMoment } from '../support/some-moment.js';
import { StoryRuns } from '../support/story-runs.js';

const CUTS = Number(process.env.CHAOS_CUTS ?? 15);

/** The one process loses its database again and again while workflows of all kinds run. */
describe('a database that goes away', () => {
  const servers = new Servers();
  let upstream: RecordingUpstream;
  let database: TestDatabase;
  let link: DatabaseLink;
  let sql: Client;
  let server: ServerProcess;
  let anna: SignedIn;

  beforeAll(async () => {
    upstream = await recordingUpstream();
    database = await testDatabase('away');
    link = await databaseLink(database.url);
    server = await servers.start({
      ...upstream.environment,
      ...database.environment,
      DATABASE_URL: link.url,
      ENCRYPTION_KEY: Buffer.alloc(32, 7).toString('base64'),
      RUN_LEASE_MS: '1500',
      RUN_SWEEP_MS: '200',
      RUN_MAX_ATTEMPTS: '100',
      EVENT_FLUSH_MS: '20',
    });
    anna = await server.api.register();
    sql = new Client(database.connection);
    await sql.connect();
  });

  afterAll(async () => {
    await sql?.end();
    await servers.clean();
    await link?.stop();
    await database?.drop();
    await upstream?.stop();
  });

  /** For less than a lease or longer, or only as long as it takes to connect again. */
  const disturb = [
    async () => link.interrupt(),
    async () => {
      link.cut();
      await sleep(randomInt(0, 600));
    },
    async () => {
      link.cut();
      await sleep(randomInt(600, 4_000));
    },
    async () => {
      link.stall();
      await sleep(randomInt(0, 4_000));
    },
  ];

  it(
    `at ${CUTS} moments lets every run end as it would have, and asks for nothing twice that is in the log`,
    async () => {
      const told = new StoryRuns(
        sql,
        upstream,
        (method, path, parts) => server.api.call(method, path, { as: anna, ...parts }),
        (status) => status === 503 || status === 409,
      );
      await told.calm();
      told.feed();
      try {
        for (let cut = 0; cut < CUTS && told.goesOn; cut += 1) {
          await someMoment(sql);
          await disturb[cut % disturb.length]!();
          await told.noteFinished();
          expect(await brokenPromises(sql)).toEqual([]);
          link.mend();
          await sleep(randomInt(200, 1_500));
        }
      } finally {
        link.mend();
        await told.stop();
      }
      await told.expectAllWell(120_000 + CUTS * 5_000, CUTS);
      expect(await brokenPromises(sql)).toEqual([]);
      const { rows } = await sql.query<{ resumed: number }>('SELECT count(*)::int AS resumed FROM run WHERE fence > 1');
      expect(rows[0]?.resumed).toBeGreaterThan(0);
    },
    CUTS * 20_000 + 300_000,
  );
});
