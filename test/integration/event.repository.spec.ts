import { setTimeout as sleep } from 'node:timers/promises';
import { newId } from '../../src/platform/clock/id.js';
import type { Run } from '../../src/workflow/run/run.js';
import { Sealer } from '../../src/platform/sealing/sealer.js';
import { EventRepository } from '../../src/workflow/run/event.repository.js';
import type { LoggedEvent, RunEventType } from '../../src/workflow/run/run-event.js';
import { migratedDatabase, type MigratedDatabase } from '../support/migrated-database.js';
import { runBuilder } from '../support/run-builder.js';

const event = (seq: number, type: RunEventType = 'note', data = `{"seq":${seq}}`): LoggedEvent => ({ seq, type, data });
/** Of a user: out of the way. */
const PLACES = 1_000;
const END = { status: 'succeeded', output: {}, problem: null, usage: null, cost: null, executedMs: 1 } as const;

describe('the event log in PostgreSQL', () => {
  let migrated: MigratedDatabase;
  let events: EventRepository;
  let build: ReturnType<typeof runBuilder>;
  const stored = (run: Pick<Run, 'id'>) => events.read(run.id, 0, 1_000);
  const append = ({ id, fence }: Pick<Run, 'id' | 'fence'>, ...batch: readonly LoggedEvent[]) =>
    events.append([{ runId: id, fence, events: batch }]);

  beforeAll(async () => {
    migrated = await migratedDatabase('events');
    events = new EventRepository(migrated.database, new Sealer(Buffer.alloc(32, 7)));
    build = runBuilder(migrated);
  });
  beforeEach(() => build.settle());
  afterAll(() => migrated.drop());

  it('gives back what was appended, in order and byte by byte', async () => {
    const run = await build.running();
    const odd = JSON.stringify({ text: 'é😀\u0000\ud800 "\\{}', list: ['a,b', '{x}', 'NULL'] });
    expect(await append(run, event(1, 'start'), event(2, 'token', odd))).toEqual(new Set([run.id]));
    await append(run, event(3, 'complete', '{}'));
    expect(await stored(run)).toEqual([event(1, 'start'), event(2, 'token', odd), event(3, 'complete', '{}')]);
    expect(await events.last(run.id)).toEqual({ seq: 3, type: 'complete' });
  });

  it('keeps what nobody is to read in the database encrypted, and gives it back as it was', async () => {
    const run = await build.running();
    const left = '{"step":{"output":"canary"}}';
    const open = { ...event(1, 'node_end'), result: left };
    const confidential = { ...event(2, 'node_end'), result: left, isConfidential: true };
    await append(run, open, confidential);
    const rows = await migrated.sql<{ result: string }>('SELECT result FROM run_event WHERE run_id = $1 ORDER BY seq', [
      run.id,
    ]);
    expect(rows.map((row) => row.result.includes('canary'))).toEqual([true, false]);
    const kept = await events.readKept(run.id, 0, 10);
    expect(kept.map(({ result, isConfidential }) => [result, isConfidential])).toEqual([
      [left, undefined],
      [left, true],
    ]);
  });

  describe('with what an event uses', () => {
    const USED = { inputTokens: 3, outputTokens: 4, totalTokens: 7 };
    const charged = (seq: number, reservation?: string) => ({
      ...event(seq, 'usage'),
      charge: { call: { model: 'a:b', usage: USED, cost: 0.25, reservation } },
    });
    const kept = ({ workspaceId }: Pick<Run, 'workspaceId'>) =>
      migrated.sql<Record<'calls' | 'tokens' | 'cost' | 'runs', number | null>>(
        `SELECT sum(calls)::int AS calls, sum(total_tokens)::int AS tokens, sum(cost)::float8 AS cost, sum(runs)::int AS runs
         FROM usage_ledger WHERE workspace_id = $1`,
        [workspaceId],
      );

    it('adds it to the ledger once, however often the events are written', async () => {
      const run = await build.running();
      const [before] = await kept(run);
      const batch = [{ ...event(1, 'start'), charge: { runs: 1 } }, charged(2)];
      for (let time = 0; time < 3; time += 1) await append(run, ...batch);
      await append(run, charged(2), charged(3));
      const sums = {
        calls: Number(before?.calls) + 2,
        tokens: Number(before?.tokens) + 14,
        runs: Number(before?.runs) + 1,
      };
      expect(await kept(run)).toEqual([{ ...sums, cost: Number(before?.cost) + 0.5 }]);
    });

    it('adds nothing for whoever no longer holds the run', async () => {
      const run = await build.running();
      const before = await kept(run);
      await append({ id: run.id, fence: run.fence + 1 }, charged(1));
      await append({ id: run.id, fence: run.fence - 1 }, charged(1));
      expect(await kept(run)).toEqual(before);
    });

    it('ends its reservation with it', async () => {
      const run = await build.running();
      const [budget, ended, other] = [newId(), newId(), newId()];
      await migrated.sql(
        `INSERT INTO budget (id, workspace_id, scope, subject_id, unit, amount, period, created_by)
         VALUES ($1, $2, 'workspace', $3, 'tokens', 100, 'day', $1)`,
        [budget, run.workspaceId, run.workspaceId],
      );
      for (const id of [ended, other])
        await migrated.sql(
          'INSERT INTO budget_reservation (id, budget_id, run_id, fence, amount) VALUES ($1, $2, $3, $4, 50)',
          [id, budget, run.id, run.fence],
        );
      await append(run, charged(1, ended));
      const left = await migrated.sql('SELECT id FROM budget_reservation WHERE budget_id = $1', [budget]);
      expect(left).toEqual([{ id: other }]);
    });
  });

  it('is read from any point in pages', async () => {
    const run = await build.running();
    await append(run, ...Array.from({ length: 10 }, (_, index) => event(index + 1)));
    expect((await events.read(run.id, 3, 4)).map(({ seq }) => seq)).toEqual([4, 5, 6, 7]);
    expect(await events.read(run.id, 10, 4)).toEqual([]);
    expect(await events.read(run.id, 2_147_483_647, 4)).toEqual([]);
  });

  it('is empty for a run that does not exist', async () => {
    expect([await events.read(newId(), 0, 1), await events.last(newId()), await events.isKept(newId())]).toEqual([
      [],
      undefined,
      false,
    ]);
    expect(await events.isKept((await build.running()).id)).toBe(true);
  });

  it('takes the events of many runs in one statement, each for its own workspace', async () => {
    const runs = await Promise.all(Array.from({ length: 30 }, () => build.running()));
    const held = await events.append(runs.map(({ id, fence }) => ({ runId: id, fence, events: [event(1), event(2)] })));
    expect(held).toEqual(new Set(runs.map(({ id }) => id)));
    const rows = await migrated.sql(
      'SELECT run_id, run_event.workspace_id = run.workspace_id AS same FROM run_event JOIN run ON run.id = run_id',
    );
    expect(rows).toHaveLength(60);
    expect(rows.every((row) => (row as { same: boolean }).same)).toBe(true);
  });

  it('does not take the same events twice, and says that they are there', async () => {
    const run = await build.running();
    await append(run, event(1), event(2));
    expect(await append(run, event(1), event(2), event(3))).toEqual(new Set([run.id]));
    expect((await stored(run)).map(({ seq }) => seq)).toEqual([1, 2, 3]);
  });

  it('takes nothing from an owner of before, and everything from the owner of now', async () => {
    const before = await build.running();
    await append(before, event(1));
    await build.expire(before);
    const [now] = await build.claims.claim({ owner: 'process-2', ms: 60_000 }, 1, PLACES);
    const other = await build.running();
    const held = await events.append([
      { runId: before.id, fence: before.fence, events: [event(2, 'token', '"stale"'), event(3)] },
      { runId: other.id, fence: other.fence, events: [event(1)] },
    ]);
    expect(held).toEqual(new Set([other.id]));
    expect([(await stored(before)).length, (await stored(other)).length]).toEqual([1, 1]);
    expect(await append(now!, event(2, 'note', '"fresh"'))).toEqual(new Set([before.id]));
    expect(await stored(before)).toEqual([event(1), event(2, 'note', '"fresh"')]);
  });

  it('takes nothing for a run that has ended, is queued or is gone', async () => {
    const ended = await build.running();
    await build.claims.end(ended, END);
    const queued = await build.queued();
    for (const run of [ended, queued, { id: newId(), fence: 1 }]) {
      expect(await append(run, event(1))).toEqual(new Set());
      expect(await stored(run)).toEqual([]);
    }
  });

  it('keeps a claim from passing while events are being written', async () => {
    const run = await build.running();
    await build.expire(run);
    await migrated.database.transaction(async () => {
      expect(await append(run, event(1))).toEqual(new Set([run.id]));
      const claimed = await migrated.database.detached(() =>
        build.claims.claim({ owner: 'process-2', ms: 60_000 }, 10, PLACES),
      );
      expect(claimed).toEqual([]);
    });
    expect(await build.claims.claim({ owner: 'process-2', ms: 60_000 }, 10, PLACES)).toMatchObject([
      { id: run.id, fence: 2 },
    ]);
    expect(await stored(run)).toHaveLength(1);
  });

  it('takes nothing when a claim passes before it, however close', async () => {
    const run = await build.running();
    await build.expire(run);
    let late: Promise<ReadonlySet<string>> = Promise.resolve(new Set());
    let isSettled = false;
    await migrated.database.transaction(async () => {
      await build.claims.claim({ owner: 'process-2', ms: 60_000 }, 1, PLACES);
      late = migrated.database.detached(() => append(run, event(1)));
      void late.then(() => (isSettled = true));
      await sleep(100);
      expect(isSettled).toBe(false);
    });
    expect(await late).toEqual(new Set());
    expect(await stored(run)).toEqual([]);
  });

  it('has one owner at a time and no gap, however claims and appends meet', async () => {
    const run = await build.running();
    const written: { readonly fence: number; readonly seq: number }[] = [];
    const owners = Array.from({ length: 6 }, async (_, index) => {
      for (let round = 0; round < 10; round += 1) {
        await build.expire(run);
        const [mine] = await build.claims.claim({ owner: `process-${index}`, ms: 60_000 }, 1, PLACES);
        if (!mine) continue;
        let last = (await events.last(run.id))?.seq ?? 0;
        for (let turn = 0; turn < 5; turn += 1) {
          const held = await append(mine, event(last + 1, 'note', String(mine.fence)));
          if (!held.has(run.id)) break;
          last += 1;
          written.push({ fence: mine.fence, seq: last });
        }
      }
    });
    await Promise.all(owners);
    const rows = await stored(run);
    expect(rows.map(({ seq }) => seq)).toEqual(rows.map((_, index) => index + 1));
    expect(written).toHaveLength(rows.length);
    const fences = rows.map(({ data }) => Number(data));
    expect(fences).toEqual(fences.toSorted((a, b) => a - b));
    for (const { fence, seq } of written) expect(rows[seq - 1]?.data).toBe(String(fence));
  });

  it('takes the last events within the transaction that ends the run, or not at all', async () => {
    const run = await build.running();
    const failing = migrated.database.transaction(async () => {
      await build.claims.end(run, END);
      await events.appendLocked(run.workspaceId, run.id, [event(1), event(2, 'complete')]);
      throw new Error('refused');
    });
    await expect(failing).rejects.toThrow('refused');
    expect(await stored(run)).toEqual([]);
    await migrated.database.transaction(async () => {
      await build.claims.end(run, END);
      await events.appendLocked(run.workspaceId, run.id, [event(1), event(2, 'complete')]);
    });
    expect(await stored(run)).toHaveLength(2);
  });
});
