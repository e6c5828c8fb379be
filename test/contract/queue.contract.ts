import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { Pool } from 'pg';
import { Lifecycle } from '../../src/platform/health/lifecycle.js';
import { ERRAND_TABLE, errandRoom, TOPIC, type ErrandKind, type ErrandRoom } from '../support/errands.js';
import { eventually } from '../support/eventually.js';
import { testDatabase, type TestDatabase } from '../support/postgres.js';
import type { QueueStore, QueueStoreKind } from './queue-stores.js';

interface Errand {
  readonly begun: number;
  readonly done: number;
  readonly done_at: Date | null;
}

/** Nobody looks into the tables by himself: what is done was told of. */
const NEVER = '600000';
const SOON = '500';

/** What the queue promises on every store: pointers come, and when they do not, the tables are enough. */
export function describeQueue(kind: QueueStoreKind): void {
  const suite = kind.missing === undefined ? describe : describe.skip;
  suite(`the queue on ${kind.name}${kind.missing === undefined ? '' : ` (${kind.missing})`}`, () => {
    let database: TestDatabase;
    let store: QueueStore;
    let sql: Pool;
    let rooms: ErrandRoom[] = [];
    let workers: ChildProcess[] = [];
    let count = 0;

    beforeAll(async () => {
      database = await testDatabase('queue');
      store = await kind.start(database);
      sql = new Pool(database.connection);
      await sql.query(ERRAND_TABLE);
    });

    afterEach(async () => {
      for (const worker of workers) worker.kill('SIGKILL');
      await Promise.all(rooms.map((room) => room.close()));
      [rooms, workers] = [[], []];
      await sql.query('DELETE FROM errand');
    });

    afterAll(async () => {
      await sql?.end();
      await store?.stop();
      await database?.drop();
    });

    const environment = (reconcileMs: string) => ({
      ...database.environment,
      ...store.environment,
      QUEUE_RECONCILE_MS: reconcileMs,
      SHUTDOWN_TIMEOUT_MS: '8000',
    });

    const room = async (reconcileMs: string, more: Record<string, string> = {}): Promise<ErrandRoom> => {
      const made = await errandRoom({ ...environment(reconcileMs), ...more });
      rooms.push(made);
      // The first pointer meets a cold broker, which is given up after a moment.
      await eventually(() => made.queue.put(TOPIC, 'nothing'), { what: 'a queue that takes a pointer' });
      return made;
    };

    const worker = async (reconcileMs: string): Promise<ChildProcess> => {
      const program = ['--import', './test/support/typescript.js', 'test/support/errand-worker.ts'];
      const child = spawn(process.execPath, [...program, JSON.stringify(environment(reconcileMs))], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      workers.push(child);
      await once(child.stdout!, 'data');
      return child;
    };

    const errand = async (errandKind: ErrandKind = 'plain', dueInMs = 0): Promise<string> => {
      const id = `e${++count}`;
      await sql.query(`INSERT INTO errand (id, kind, due_at) VALUES ($1, $2, now() + $3::int * interval '1 ms')`, [
        id,
        errandKind,
        dueInMs,
      ]);
      return id;
    };

    const stateOf = async (id: string): Promise<Errand> =>
      (await sql.query<Errand>('SELECT begun, done, done_at FROM errand WHERE id = $1', [id])).rows[0]!;
    const begun = (id: string) => eventually(async () => (await stateOf(id)).begun > 0, { what: `${id} begun` });
    const done = (id: string) => eventually(async () => (await stateOf(id)).done > 0, { what: `${id} done` });

    it('delivers what is put, at once', async () => {
      const { queue } = await room(NEVER);
      const first = await errand();
      expect(await queue.put(TOPIC, first)).toBe(true);
      await done(first);
      const ids = await Promise.all(Array.from({ length: 50 }, () => errand()));
      await Promise.all(ids.map((id) => queue.put(TOPIC, id)));
      await Promise.all(ids.map((id) => done(id)));
    });

    it('delivers to another process', async () => {
      await worker(NEVER);
      const { queue, room: own } = await room(NEVER);
      await own.get(Lifecycle).beforeApplicationShutdown();
      const id = await errand();
      expect(await queue.put(TOPIC, id)).toBe(true);
      await done(id);
    });

    it('delivers what is put for later at its time, not before', async () => {
      const { queue } = await room(NEVER);
      const [soon, later] = [await errand('plain', 1_000), await errand('plain', 2_000)];
      const at = Date.now();
      await queue.put(TOPIC, later, { at: new Date(at + 2_000) });
      await queue.put(TOPIC, soon, { delayMs: 1_000 });
      await done(soon);
      expect(Date.now() - at).toBeGreaterThanOrEqual(990);
      await done(later);
      expect(Date.now() - at).toBeGreaterThanOrEqual(1_990);
    });

    it('does not mind the same pointer twice', async () => {
      const { queue } = await room(NEVER);
      const id = await errand('slow');
      const at = new Date(Date.now() + 300);
      await Promise.all([
        ...Array.from({ length: 5 }, () => queue.put(TOPIC, id)),
        ...Array.from({ length: 5 }, () => queue.put(TOPIC, id, { at })),
      ]);
      await done(id);
      await queue.put(TOPIC, id);
      await sleep(500);
      expect(await stateOf(id)).toMatchObject({ begun: 1, done: 1 });
    });

    it('tells again of work that is put while it is being handled', async () => {
      const { queue } = await room(NEVER, { SHUTDOWN_TIMEOUT_MS: '0' });
      const id = await errand('endless');
      await queue.put(TOPIC, id);
      await begun(id);
      await sql.query(`UPDATE errand SET claimed_until = now() - interval '1 second' WHERE id = $1`, [id]);
      await queue.put(TOPIC, id);
      await eventually(async () => (await stateOf(id)).begun === 2);
    });

    it('goes on with other work when one fails', async () => {
      const { queue } = await room(NEVER);
      const failing = await Promise.all(Array.from({ length: 12 }, () => errand('fails')));
      const sound = await Promise.all(Array.from({ length: 12 }, () => errand()));
      await Promise.all([...failing, ...sound].map((id) => queue.put(TOPIC, id)));
      await Promise.all(sound.map((id) => done(id)));
      await Promise.all(failing.map((id) => begun(id)));
    });

    it('has work of a killed process done by another', async () => {
      const child = await worker(SOON);
      const id = await errand('endless');
      await begun(id);
      child.kill('SIGKILL');
      await once(child, 'exit');
      await sql.query(`UPDATE errand SET kind = 'plain' WHERE id = $1`, [id]);
      await room(SOON);
      await done(id);
      expect(await stateOf(id)).toMatchObject({ begun: 2, done: 1 });
    });

    it.each(['wipe', 'destroy'] as const)('finds all work when the store is emptied: %s', async (harm) => {
      const { queue } = await room(SOON);
      const before = await errand();
      await queue.put(TOPIC, before);
      await done(before);
      const ids = await Promise.all(Array.from({ length: 30 }, () => errand('plain', 1_500)));
      await Promise.all(ids.map((id) => queue.put(TOPIC, id, { delayMs: 1_500 })));
      await store[harm]();
      await Promise.all(ids.map((id) => done(id)));
      await eventually(() => queue.put(TOPIC, ids[0]!), { what: 'a queue that works again' });
      await rooms[0]!.close();
      rooms = [];
      const { queue: renewed } = await room(NEVER);
      const after = await errand();
      await renewed.put(TOPIC, after);
      await done(after);
    });

    it('finds work in the tables that nobody ever told of, more than there are places', async () => {
      const ids = await Promise.all(Array.from({ length: 40 }, () => errand()));
      await room(SOON);
      await Promise.all(ids.map((id) => done(id)));
      for (const id of ids) expect(await stateOf(id)).toMatchObject({ begun: 1, done: 1 });
    });

    it('lets running work end before the process does, and begins no more', async () => {
      const { queue, room: own } = await room(NEVER);
      const running = await errand('slow');
      await queue.put(TOPIC, running);
      await begun(running);
      const closing = own.close();
      await sleep(200);
      const late = await errand();
      await queue.put(TOPIC, late);
      await closing;
      rooms = [];
      expect(await stateOf(running)).toMatchObject({ begun: 1, done: 1 });
      expect(await stateOf(late)).toMatchObject({ begun: 0 });
    });

    it('asks running work to stop when the time to end is over', async () => {
      const { queue, room: own } = await room(NEVER, { SHUTDOWN_TIMEOUT_MS: '500' });
      const id = await errand('endless');
      await queue.put(TOPIC, id);
      await begun(id);
      const at = Date.now();
      await own.close();
      rooms = [];
      expect(Date.now() - at).toBeLessThan(20_000);
      expect(await stateOf(id)).toMatchObject({ begun: 1, done: 0 });
    });
  });
}
