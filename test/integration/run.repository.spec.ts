import { newId } from '../../src/platform/clock/id.js';
import { isUniqueViolation } from '../../src/platform/database/fault.js';
import type { Run } from '../../src/workflow/run/run.js';
import { DefinitionRepository } from '../../src/workflow/run/definition.repository.js';
import type { Lease, RunClaims, RunEnd } from '../../src/workflow/run/run-claims.js';
import type { NewRun, RunRepository } from '../../src/workflow/run/run.repository.js';
import { eventually } from '../support/eventually.js';
import { migratedDatabase, type MigratedDatabase } from '../support/migrated-database.js';
import { runBuilder } from '../support/run-builder.js';

const ONE: Lease = { owner: 'process-1', ms: 60_000 };
const TWO: Lease = { owner: 'process-2', ms: 60_000 };
const SUCCESS: RunEnd = {
  status: 'succeeded',
  output: { text: 'Hi' },
  problem: null,
  usage: null,
  cost: null,
  executedMs: 7,
};
/** Of a user: out of the way. */
const PLACES = 1_000;
const CANCELLED = { type: '/problems/run-cancelled', title: 'Cancelled', status: 409, detail: 'Before it began.' };

const ids = (runs: readonly Pick<Run, 'id'>[]): string[] => runs.map(({ id }) => id).toSorted();

describe('the table of runs', () => {
  let migrated: MigratedDatabase;
  let runs: RunRepository;
  let claims: RunClaims;
  let build: ReturnType<typeof runBuilder>;
  const read = async ({ workspaceId, id }: Run): Promise<Run> => (await runs.find(workspaceId, id))!;

  beforeAll(async () => {
    migrated = await migratedDatabase('runs');
    build = runBuilder(migrated);
    ({ runs, claims } = build);
  });
  beforeEach(() => build.settle());
  afterAll(() => migrated.drop());

  it('keeps a run as it was accepted', async () => {
    const asked: NewRun = {
      ...(await build.newRun()),
      workflow: { name: 'plain', version: 3, hash: 'abc' },
      conversationId: newId(),
      messageId: newId(),
      input: { message: 'é😀 "\\' },
      limits: { runTimeoutMs: 5 },
      metadata: { a: [1] },
    };
    const run = await runs.insertRunning(asked, ONE, 1);
    expect(run).toMatchObject({
      ...asked,
      status: 'running',
      attempt: 1,
      fence: 1,
      executedMs: 0,
      output: null,
      problem: null,
    });
    expect(run?.startedAt).toBeInstanceOf(Date);
    expect(await read(run!)).toEqual(run);
    expect(await build.queued()).toMatchObject({ status: 'queued', attempt: 0, fence: 0, startedAt: null });
  });

  describe('one run at a time in a conversation', () => {
    const holds = async (parts: Partial<NewRun>) => {
      try {
        await build.running(parts);
        return true;
      } catch (error) {
        if (isUniqueViolation(error, 'run_holds_conversation')) return false;
        throw error;
      }
    };

    it('is let in, of many that come at once', async () => {
      const conversationId = newId();
      const results = await Promise.all(Array.from({ length: 20 }, () => holds({ conversationId })));
      expect(results.filter(Boolean)).toHaveLength(1);
    });

    it.each(['running', 'waiting', 'paused'])('holds it while it is %s', async (status) => {
      const run = await build.running({ conversationId: newId() });
      await migrated.sql('UPDATE run SET status = $2 WHERE id = $1', [run.id, status]);
      expect(await holds({ conversationId: run.conversationId! })).toBe(false);
      expect(await runs.ahead(run.workspaceId, run.conversationId!)).toEqual({ id: run.id, status });
      expect(await runs.ahead(newId(), run.conversationId!)).toBeUndefined();
    });

    it('leaves it free once it has ended', async () => {
      const run = await build.running({ conversationId: newId() });
      await claims.end(run, SUCCESS);
      expect(await runs.ahead(run.workspaceId, run.conversationId!)).toBeUndefined();
      expect(await holds({ conversationId: run.conversationId! })).toBe(true);
    });

    it('does not go before one that waits for it already', async () => {
      const conversationId = newId();
      const tenant = await migrated.tenant();
      const first = await build.queued({ ...tenant, conversationId });
      await build.queued({ ...tenant, conversationId });
      expect(await runs.insertRunning(await build.newRun({ conversationId }), ONE, 1)).toBeUndefined();
      expect(await runs.ahead(tenant.workspaceId, conversationId)).toEqual({ id: first.id, status: 'queued' });
      const [holder] = await claims.claim(ONE, 1, PLACES);
      expect(await runs.ahead(tenant.workspaceId, conversationId)).toEqual({ id: holder?.id, status: 'running' });
    });

    it('is no matter of runs that are no chat turns, nor of runs without a conversation', async () => {
      const conversationId = newId();
      await build.running({ conversationId });
      expect(await holds({ conversationId, kind: 'workflow' })).toBe(true);
      expect([await holds({}), await holds({})]).toEqual([true, true]);
    });
  });

  describe('the runs of a user at once', () => {
    let user: Pick<NewRun, 'userId' | 'workspaceId'>;
    const insert = async (places: number) =>
      (await runs.insertRunning(await build.newRun(user), ONE, places)) !== undefined;

    beforeEach(async () => {
      user = await migrated.tenant();
    });

    it('leave no place when other processes execute as many', async () => {
      await build.running(user, 'process-2');
      await build.running(user, 'process-3');
      expect(await insert(2)).toBe(false);
      expect(await insert(3)).toBe(true);
      expect(await insert(0)).toBe(false);
    });

    it('are counted here by the process itself', async () => {
      await build.running(user, ONE.owner);
      expect(await insert(1)).toBe(true);
    });

    it('are not those of others, ended or waiting ones, or children', async () => {
      await build.running({}, 'process-2');
      await claims.end(await build.running(user, 'process-2'), SUCCESS);
      await build.queued(user);
      const waiting = await build.running(user, 'process-2');
      await migrated.sql(`UPDATE run SET status = 'waiting' WHERE id = $1`, [waiting.id]);
      const child = await build.running(user, 'process-2');
      await migrated.sql('UPDATE run SET parent_run_id = $2 WHERE id = $1', [child.id, waiting.id]);
      expect(await insert(1)).toBe(true);
    });
  });

  describe('a claim', () => {
    it('takes what is due, with the next fence and attempt', async () => {
      const left = await build.running();
      await build.expire(left);
      const queued = await build.queued();
      const claimed = await claims.claim(TWO, 10, PLACES);
      expect(ids(claimed)).toEqual(ids([left, queued]));
      expect(claimed.find(({ id }) => id === left.id)).toMatchObject({ status: 'running', fence: 2, attempt: 2 });
      expect(claimed.find(({ id }) => id === queued.id)).toMatchObject({ status: 'running', fence: 1, attempt: 1 });
      expect((await read(left)).startedAt).toEqual(left.startedAt);
      expect((await read(queued)).startedAt).toBeInstanceOf(Date);
      expect(await claims.claim(ONE, 10, PLACES)).toEqual([]);
    });

    it('leaves runs whose process is alive, and ended, waiting and paused ones', async () => {
      await build.running();
      for (const status of ['waiting', 'paused', 'succeeded', 'failed', 'cancelled', 'timedOut']) {
        const run = await build.running();
        await build.expire(run);
        await migrated.sql('UPDATE run SET status = $2 WHERE id = $1', [run.id, status]);
      }
      expect(await claims.claim(TWO, 100, PLACES)).toEqual([]);
    });

    it('gives each run to one of ten parallel claimers, and all of them in the end', async () => {
      const due = await Promise.all(
        Array.from({ length: 60 }, async (_, index) => {
          if (index % 2 === 0) return build.queued();
          const run = await build.running();
          await build.expire(run);
          return run;
        }),
      );
      const claimer = async (owner: string): Promise<readonly Run[]> => {
        const mine: Run[] = [];
        for (let misses = 0; misses < 3;) {
          const claimed = await claims.claim({ owner, ms: 60_000 }, 3, PLACES);
          expect(claimed.length).toBeLessThanOrEqual(3);
          misses = claimed.length === 0 ? misses + 1 : 0;
          mine.push(...claimed);
        }
        return mine;
      };
      const claimed = (await Promise.all(Array.from({ length: 10 }, (_, index) => claimer(`process-${index}`)))).flat();
      expect(claimed).toHaveLength(60);
      expect(ids(claimed)).toEqual(ids(due));
    });

    it.each([0, 1, 40])(
      'takes no more than asked for, oldest first, also when the planner expects %p runs',
      async (expected) => {
        const due: Run[] = [];
        await migrated.sql('VACUUM FULL run');
        for (let index = 0; index < 40; index += 1) {
          if (index === expected) await migrated.sql('ANALYZE run');
          due.push(await build.queued());
        }
        if (expected === 40) await migrated.sql('ANALYZE run');
        for (const limit of [1, 2, 5]) {
          const claimed = await claims.claim(ONE, limit, PLACES);
          expect(ids(claimed)).toEqual(ids(due.splice(0, limit)));
        }
      },
    );

    it('takes queued runs of a conversation one by one, in their order, once it is free', async () => {
      const conversationId = newId();
      const tenant = await migrated.tenant();
      const holder = await build.running({ ...tenant, conversationId });
      const first = await build.queued({ ...tenant, conversationId });
      const second = await build.queued({ ...tenant, conversationId });
      expect(await claims.claim(TWO, 10, PLACES)).toEqual([]);
      await claims.end(holder, SUCCESS);
      const [claimed, ...others] = await claims.claim(TWO, 10, PLACES);
      expect([claimed?.id, others]).toEqual([first.id, []]);
      expect(await claims.claim(TWO, 10, PLACES)).toEqual([]);
      await claims.end(claimed!, SUCCESS);
      expect(ids(await claims.claim(TWO, 10, PLACES))).toEqual([second.id]);
    });

    it('fails when its conversation is taken at the same moment, and succeeds the next time', async () => {
      const conversationId = newId();
      let claiming: Promise<readonly Run[]> = Promise.resolve([]);
      const [waiting, other] = await migrated.database.transaction(async () => {
        await build.running({ conversationId });
        const queued = await migrated.database.detached(async () => [
          await build.queued({ conversationId }),
          await build.queued(),
        ]);
        claiming = migrated.database.detached(() => claims.claim(TWO, 10, PLACES));
        await Promise.race([claiming, migrated.sql('SELECT pg_sleep(0.2)')]);
        return queued as [Run, Run];
      });
      await expect(claiming).rejects.toMatchObject({ constraint: 'run_holds_conversation' });
      // PostgreSQL reports an error before it lets go of the locks, and a claim passes by what is locked.
      const claimed = await eventually(async () => {
        const next = await claims.claim(TWO, 10, PLACES);
        return next.length > 0 && next;
      });
      expect(ids(claimed)).toEqual([other.id]);
      expect(await read(waiting)).toMatchObject({ status: 'queued', fence: 0 });
    });
  });

  describe('a lease', () => {
    it('is over when its time is, and not before', async () => {
      const run = (await runs.insertRunning(await build.newRun(), { owner: 'process-1', ms: 60_000 }, 1))!;
      const [lease] = await migrated.sql<{ ms: number }>(
        'SELECT extract(epoch FROM lease_until - started_at)::float8 * 1000 AS ms FROM run WHERE id = $1',
        [run.id],
      );
      expect([lease!.ms >= 60_000, lease!.ms < 90_000]).toEqual([true, true]);
      expect(await claims.claim(TWO, 10, PLACES)).toEqual([]);
      await migrated.sql(`UPDATE run SET lease_until = now() - interval '1 ms' WHERE id = $1`, [run.id]);
      expect(await claims.claim(TWO, 10, PLACES)).toMatchObject([{ id: run.id, fence: 2 }]);
    });

    it('of no time leaves a run to whoever claims it first, for its first attempt; it counts among the user’s until then', async () => {
      const user = await migrated.tenant();
      const left = (await runs.insertRunning(await build.newRun(user), { owner: 'nobody', ms: 0 }, 1))!;
      expect(left).toMatchObject({ status: 'running', attempt: 0, fence: 0 });
      expect(await runs.insertRunning(await build.newRun(user), ONE, 1)).toBeUndefined();
      expect(await claims.claim(TWO, 10, PLACES)).toMatchObject([{ id: left.id, attempt: 1, fence: 1 }]);
      expect(await claims.claim(ONE, 10, PLACES)).toEqual([]);
    });

    it('is prolonged for the runs that are still held, with the time they have executed', async () => {
      const [held, lost, ended] = await Promise.all(Array.from({ length: 3 }, () => build.running()));
      await build.expire(lost!);
      await claims.claim(TWO, 1, PLACES);
      await claims.end(ended!, SUCCESS);
      await build.expire(held!);
      const asked = [held!, lost!, ended!].map((run) => ({ ...run, executedMs: 42 }));
      expect(await claims.renew(asked, 60_000)).toEqual([{ id: held!.id }]);
      expect((await read(held!)).executedMs).toBe(42);
      expect((await read(lost!)).executedMs).toBe(0);
      expect(await claims.claim(TWO, 10, PLACES)).toEqual([]);
    });

    it('is given back: the run is due at once and the attempt does not count', async () => {
      const run = await build.running();
      await claims.release(run, 1_234);
      expect(await read(run)).toMatchObject({ status: 'running', attempt: 0, executedMs: 1_234 });
      expect(await claims.claim(TWO, 10, PLACES)).toMatchObject([
        { id: run.id, attempt: 1, fence: 2, executedMs: 1_234 },
      ]);
    });

    it('is prolonged though the row of another run is locked, which is held on', async () => {
      const [locked, free] = [await build.running(), await build.running()];
      await migrated.sql(`UPDATE run SET lease_until = now() + interval '1 second'`);
      const isProlonged = async ({ id }: Run): Promise<boolean> =>
        (
          await migrated.sql<{ is: boolean }>(
            `SELECT lease_until > now() + interval '1 minute' AS is FROM run WHERE id = $1`,
            [id],
          )
        )[0]!.is;
      await migrated.database.transaction(async () => {
        await runs.lockRow(locked.id);
        const renewed = await migrated.database.detached(() => claims.renew([locked, free], 600_000));
        expect(ids(renewed as Run[])).toEqual(ids([locked, free]));
      });
      expect([await isProlonged(locked), await isProlonged(free)]).toEqual([false, true]);
      await claims.renew([locked, free], 600_000);
      expect(await isProlonged(locked)).toBe(true);
    });

    it('that was given back is not prolonged by a renewal that comes late: the run stays due', async () => {
      const run = await build.running();
      await claims.release(run, 0);
      expect(await claims.renew([run], 60_000)).toEqual([]);
      expect(await claims.claim(TWO, 10, PLACES)).toMatchObject([{ id: run.id, fence: 2 }]);
    });

    it('is given back once, however often that is tried, and then nobody’s', async () => {
      const run = await build.running();
      await claims.release(run, 5);
      await claims.release(run, 6);
      expect(await read(run)).toMatchObject({ attempt: 0, executedMs: 5 });
      expect(await claims.lock(run)).toBe(false);
    });

    it('is given back by its owner alone', async () => {
      const run = await build.running();
      await build.expire(run);
      const [now] = await claims.claim(TWO, 10, PLACES);
      await claims.release(run, 1);
      expect(await claims.claim(ONE, 10, PLACES)).toEqual([]);
      expect(await read(run)).toEqual(now);
    });

    it('is held by whoever has the fence of now', async () => {
      const run = await build.running();
      expect(await claims.lock(run)).toBe(true);
      await build.expire(run);
      const [now] = await claims.claim(TWO, 10, PLACES);
      expect([await claims.lock(run), await claims.lock(now!)]).toEqual([false, true]);
      await claims.end(now!, SUCCESS);
      expect(await claims.lock(now!)).toBe(false);
    });
  });

  describe('the end of a run', () => {
    it('is written once, by its owner', async () => {
      const run = await build.running();
      const ended = await claims.end(run, {
        ...SUCCESS,
        usage: { inputTokens: 1, outputTokens: 2, totalTokens: 3 },
        cost: 0.5,
      });
      expect(ended).toMatchObject({ status: 'succeeded', output: { text: 'Hi' }, cost: 0.5, executedMs: 7, fence: 1 });
      expect(ended?.durationMs).toBeGreaterThanOrEqual(0);
      expect(ended?.endedAt).toBeInstanceOf(Date);
      expect(await claims.end(run, { ...SUCCESS, status: 'failed' })).toBeUndefined();
      expect(await read(run)).toEqual(ended);
    });

    it('is not written by an owner of before', async () => {
      const run = await build.running();
      await build.expire(run);
      const [now] = await claims.claim(TWO, 1, PLACES);
      expect(await claims.end(run, SUCCESS)).toBeUndefined();
      expect(await read(run)).toEqual(now);
      expect(await claims.end(now!, SUCCESS)).toMatchObject({ status: 'succeeded', fence: 2 });
    });

    it('is written once, of many that end it at the same time', async () => {
      const run = await build.running();
      const ends = await Promise.all(Array.from({ length: 10 }, () => claims.end(run, SUCCESS)));
      expect(ends.filter(Boolean)).toHaveLength(1);
    });

    it('may hold any text that a model or tool writes', async () => {
      const run = await build.running();
      const problem = { ...CANCELLED, detail: 'a\0b\ud800' };
      expect(await claims.end(run, { ...SUCCESS, output: { 'k\0': '\ud800x' }, problem })).toMatchObject({
        output: { 'k\ufffd': '\ufffdx' },
        problem: { detail: 'a\ufffdb\ufffd' },
      });
    });
  });

  describe('cancelling', () => {
    it('marks a run, once, and leaves ended and foreign ones as they are', async () => {
      const run = await build.running();
      const marked = await runs.requestCancel(run.workspaceId, run.id);
      expect(marked?.cancelRequestedAt).toBeInstanceOf(Date);
      expect(await runs.requestCancel(run.workspaceId, run.id)).toEqual(marked);
      await claims.end(run, SUCCESS);
      expect(await runs.requestCancel(run.workspaceId, run.id)).toMatchObject({ status: 'succeeded' });
      const foreign = await build.running();
      expect(await runs.requestCancel(run.workspaceId, foreign.id)).toBeUndefined();
      expect(await read(foreign)).toEqual(foreign);
    });

    it('ends a queued run, and no other', async () => {
      const queued = await build.queued();
      expect(await claims.cancelQueued(queued.id, CANCELLED)).toMatchObject({
        status: 'cancelled',
        problem: CANCELLED,
      });
      expect(await claims.cancelQueued(queued.id, CANCELLED)).toBeUndefined();
      expect(await claims.cancelQueued((await build.running()).id, CANCELLED)).toBeUndefined();
      expect(await claims.claim(ONE, 10, PLACES)).toEqual([]);
    });

    it('and a claim agree on what becomes of a queued run', async () => {
      for (let round = 0; round < 20; round += 1) {
        const queued = await build.queued();
        const [claimed, cancelled] = await Promise.all([
          claims.claim(ONE, 1, PLACES),
          claims.cancelQueued(queued.id, CANCELLED),
        ]);
        expect([claimed.length, cancelled === undefined ? 0 : 1].toSorted()).toEqual([0, 1]);
        if (claimed[0]) await claims.end(claimed[0], SUCCESS);
      }
    });
  });

  describe('lists', () => {
    it('show one workspace, newest first, page by page', async () => {
      const tenant = await migrated.tenant();
      const own: Run[] = [];
      for (let index = 0; index < 5; index += 1) own.push(await build.queued(tenant));
      await build.queued();
      const first = await runs.list(tenant.workspaceId, {}, undefined, 3);
      const second = await runs.list(tenant.workspaceId, {}, first.at(-1)?.id, 3);
      expect([...first, ...second].map(({ id }) => id)).toEqual(own.map(({ id }) => id).toReversed());
      expect(await runs.find(tenant.workspaceId, (await build.queued()).id)).toBeUndefined();
    });

    it('are narrowed by every filter', async () => {
      const tenant = await migrated.tenant();
      const [workflowId, conversationId] = [newId(), newId()];
      const plain = await build.queued(tenant);
      const stored = await build.queued({ ...tenant, workflow: { id: workflowId, hash: 'h' } });
      const talk = await build.running({ ...tenant, conversationId });
      await migrated.sql(`UPDATE run SET created_at = '2026-01-02T00:00:00Z' WHERE id = $1`, [plain.id]);
      const list = async (filter: object) => ids(await runs.list(tenant.workspaceId, filter, undefined, 10));
      expect(await list({ status: 'running' })).toEqual([talk.id]);
      expect(await list({ workflowId })).toEqual([stored.id]);
      expect(await list({ conversationId })).toEqual([talk.id]);
      expect(await list({ from: '2026-01-02T00:00:00Z', to: '2026-01-02T00:00:00.001Z' })).toEqual([plain.id]);
      expect(await list({ to: '2026-01-02T00:00:00Z' })).toEqual([]);
      expect(await list({ status: 'queued', conversationId })).toEqual([]);
    });
  });

  it('keeps a definition once for a workspace, and gives it to that workspace only', async () => {
    const [one, other] = [await migrated.tenant(), await migrated.tenant()];
    const definition = { kind: 'graph' as const, nodes: [{ id: 'a', type: 'model', config: { x: 'é' } }], edges: [] };
    const bundle = { definition, pins: {} };
    const definitions = new DefinitionRepository(migrated.database);
    await Promise.all(Array.from({ length: 5 }, () => definitions.save(one.workspaceId, 'hash', bundle)));
    expect(await definitions.find(one.workspaceId, 'hash')).toEqual(bundle);
    expect(await definitions.find(other.workspaceId, 'hash')).toBeUndefined();
  });

  it('forgets the runs of a purged conversation with their events, and no others', async () => {
    const tenant = await migrated.tenant();
    const conversationId = newId();
    const ended = await build.running({ ...tenant, conversationId });
    await claims.end(ended, SUCCESS);
    const held = await build.running({ ...tenant, conversationId });
    const other = await build.running(tenant);
    for (const { id, workspaceId } of [ended, held, other]) {
      await migrated.sql(`INSERT INTO run_event VALUES ($1, $2, 1, 'start', '{}')`, [workspaceId, id]);
    }
    await runs.purgeConversation((await migrated.tenant()).workspaceId, conversationId);
    expect(await runs.find(tenant.workspaceId, ended.id)).toBeDefined();
    await runs.purgeConversation(tenant.workspaceId, conversationId);
    expect(ids(await runs.list(tenant.workspaceId, {}, undefined, 10))).toEqual([other.id]);
    const left = await migrated.sql<{ run_id: string }>('SELECT run_id FROM run_event');
    expect(left.map(({ run_id: id }) => id)).toEqual([other.id]);
  });
});
