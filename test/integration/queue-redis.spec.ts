import { Pool } from 'pg';
import { startApp, type TestApp } from '../support/app.js';
import { ERRAND_TABLE, errandRoom, TOPIC, type ErrandRoom } from '../support/errands.js';
import { eventually } from '../support/eventually.js';
import { testDatabase, type TestDatabase } from '../support/postgres.js';
import { redisMissing, RedisServer } from '../support/redis-server.js';

const suite = redisMissing === undefined ? describe : describe.skip;

suite(`a Redis that dies${redisMissing === undefined ? '' : ` (${redisMissing})`}`, () => {
  let database: TestDatabase;
  let redis: RedisServer;
  let sql: Pool;
  let room: ErrandRoom | undefined;
  let count = 0;

  beforeAll(async () => {
    database = await testDatabase('queueredis');
    redis = await RedisServer.start();
    sql = new Pool(database.connection);
    await sql.query(ERRAND_TABLE);
  });

  afterEach(async () => {
    await room?.close();
    room = undefined;
  });

  afterAll(async () => {
    await sql?.end();
    await redis?.stop();
    await database?.drop();
  });

  const start = async (reconcileMs: string): Promise<ErrandRoom> => {
    room = await errandRoom({ ...database.environment, REDIS_URL: redis.url, QUEUE_RECONCILE_MS: reconcileMs });
    return room;
  };
  const errand = async (): Promise<string> => {
    const id = `r${++count}`;
    await sql.query(`INSERT INTO errand (id, kind) VALUES ($1, 'plain')`, [id]);
    return id;
  };
  const done = (id: string) =>
    eventually(async () => (await sql.query('SELECT done FROM errand WHERE id = $1', [id])).rows[0].done === 1, {
      what: `${id} done`,
    });

  it('costs time, not work; when it is back, it tells of work again', async () => {
    const { queue } = await start('500');
    const [before, meanwhile] = [await errand(), await errand()];
    await eventually(() => queue.put(TOPIC, 'nothing'), { what: 'a queue that takes a pointer' });
    expect(await queue.put(TOPIC, before)).toBe(true);
    await done(before);
    await redis.kill();
    const at = Date.now();
    expect(await queue.put(TOPIC, meanwhile)).toBe(false);
    expect(Date.now() - at).toBeLessThan(20_000);
    await done(meanwhile);
    await redis.restart();
    await eventually(() => queue.put(TOPIC, 'nothing'), { what: 'a queue that works again' });
  });

  it('and comes back leaves workers that still hear of work', async () => {
    const { queue } = await start('600000');
    const [before, after] = [await errand(), await errand()];
    await eventually(() => queue.put(TOPIC, before), { what: 'a queue that takes a pointer' });
    await done(before);
    await redis.kill();
    await redis.restart();
    await eventually(() => queue.put(TOPIC, after), { what: 'a queue that works again' });
    await done(after);
  });

  it('does not keep a process from starting nor from ending', async () => {
    await redis.kill();
    const at = Date.now();
    const { queue } = await start('500');
    const id = await errand();
    expect(await queue.put(TOPIC, id)).toBe(false);
    await done(id);
    await room!.close();
    room = undefined;
    expect(Date.now() - at).toBeLessThan(20_000);
    await redis.restart();
  });

  it('is told by the health report and no reason to be unready', async () => {
    let chatter: TestApp | undefined;
    const probe = async (path: string) => {
      const response = await fetch(`${chatter!.url}${path}`);
      return [response.status, (await response.json()) as { details: { redis?: { status: string } } }] as const;
    };
    try {
      chatter = await startApp({ REDIS_URL: redis.url }, database);
      await eventually(async () => (await probe('/healthz'))[0] === 200);
      for (const path of ['/readyz', '/healthz'])
        expect(await probe(path)).toMatchObject([
          200,
          { details: { database: { status: 'up' }, redis: { status: 'up' } } },
        ]);
      await redis.kill();
      await eventually(async () => (await probe('/healthz'))[0] === 503);
      expect(await probe('/healthz')).toMatchObject([503, { details: { redis: { status: 'down' } } }]);
      expect(await probe('/readyz')).toMatchObject([200, { status: 'ok', details: { redis: { status: 'down' } } }]);
      await redis.restart();
      await eventually(async () => (await probe('/healthz'))[0] === 200);
    } finally {
      await chatter?.close();
    }
  });
});
