import { setTimeout as sleep } from 'node:timers/promises';
import { Pool } from 'pg';
import { databaseLink, type DatabaseLink } from '../support/database-link.js';
import { ERRAND_TABLE, errandRoom, TOPIC, type ErrandRoom } from '../support/errands.js';
import { eventually } from '../support/eventually.js';
import { testDatabase, type TestDatabase } from '../support/postgres.js';

describe('a database that is away', () => {
  let database: TestDatabase;
  let link: DatabaseLink;
  let room: ErrandRoom;
  let sql: Pool;

  beforeAll(async () => {
    database = await testDatabase('queueaway');
    link = await databaseLink(database.url);
    sql = new Pool(database.connection);
    await sql.query(ERRAND_TABLE);
    room = await errandRoom({ ...database.environment, DATABASE_URL: link.url, QUEUE_RECONCILE_MS: '600000' });
  });

  afterAll(async () => {
    link?.mend();
    await room?.close();
    await link?.stop();
    await sql?.end();
    await database?.drop();
  });

  const deliver = async (id: string): Promise<void> => {
    await sql.query(`INSERT INTO errand (id, kind) VALUES ($1, 'plain')`, [id]);
    await eventually(() => room.queue.put(TOPIC, id), { what: 'a queue that takes a pointer' });
    await eventually(async () => (await sql.query('SELECT done FROM errand WHERE id = $1', [id])).rows[0].done === 1);
  };

  it('is asked for patiently by the queue, which works again when it is back', async () => {
    await deliver('before');
    link.cut();
    await sleep(500);
    const asked = link.asked;
    expect(await room.queue.put(TOPIC, 'nothing')).toBe(false);
    await sleep(3_000);
    expect(link.asked - asked).toBeLessThan(20);
    link.mend();
    await deliver('after');
  });

  it('may break the connection that sets up the queue', async () => {
    const other = await testDatabase('queuesetup');
    const holder = await sql.connect();
    await holder.query('BEGIN');
    await holder.query(`SELECT pg_advisory_xact_lock($1, hashtext($2))`, [0x42554c4c, `${other.schema}_bullmq`]);
    const late = await errandRoom({ ...other.environment, DATABASE_URL: link.url, QUEUE_RECONCILE_MS: '600000' });
    try {
      const waiting = `SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND classid = $1
                         AND objid::bigint = hashtext($2)::bigint & 4294967295`;
      const isWaiting = async () => (await sql.query(waiting, [0x42554c4c, `${other.schema}_bullmq`])).rowCount === 1;
      await eventually(isWaiting, { what: 'a queue that is set up' });
      link.interrupt();
      await sleep(500);
      await holder.query('ROLLBACK');
      await eventually(() => late.queue.put(TOPIC, 'nothing'), { what: 'a queue that takes a pointer' });
    } finally {
      holder.release();
      await late.close();
      await other.drop();
    }
  });

  it('may break its connections at any time: workers still hear of work', async () => {
    for (let round = 0; round < 5; round += 1) {
      link.interrupt();
      await sleep(300);
      await deliver(`round ${round}`);
    }
  });
});
