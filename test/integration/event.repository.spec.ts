import { setTimeout as sleep } from 'node:timers/promises';
import { newId } from '../../src/platform/clock/id.js';
import type { Run } from '../../src/workflow/run/run.js';
import { EventRepository } from '../../src/workflow/run/event.repository.js';
import type { LoggedEvent, RunEventType } from '../../src/workflow/run/run-event.js';
import { migratedDatabase, type MigratedDatabase } from '../support/migrated-database.js';
import { runBuilder } from '../support/run-builder.js';

const event = (seq: number, type: RunEventType = 'note', data = `{"seq":${seq}}`): LoggedEvent => ({ seq, type, data });
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
    events = new EventRepository(migrated.database);
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
    const [now] = await build.runs.claim({ owner: 'process-2', ms: 60_000 }, 1);
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
    await build.runs.end(ended, END);
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
      const claimed = await migrated.database.detached(() => build.runs.claim({ owner: 'process-2', ms: 60_000 }, 10));
      expect(claimed).toEqual([]);
    });
    expect(await build.runs.claim({ owner: 'process-2', ms: 60_000 }, 10)).toMatchObject([{ id: run.id, fence: 2 }]);
    expect(await stored(run)).toHaveLength(1);
  });

  it('takes nothing when a claim passes before it, however close', async () => {
    const run = await build.running();
    await build.expire(run);
    let late: Promise<ReadonlySet<string>> = Promise.resolve(new Set());
    let isSettled = false;
    await migrated.database.transaction(async () => {
      await build.runs.claim({ owner: 'process-2', ms: 60_000 }, 1);
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
        const [mine] = await build.runs.claim({ owner: `process-${index}`, ms: 60_000 }, 1);
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
      await build.runs.end(run, END);
      await events.appendLocked(run.workspaceId, run.id, [event(1), event(2, 'complete')]);
      throw new Error('refused');
    });
    await expect(failing).rejects.toThrow('refused');
    expect(await stored(run)).toEqual([]);
    await migrated.database.transaction(async () => {
      await build.runs.end(run, END);
      await events.appendLocked(run.workspaceId, run.id, [event(1), event(2, 'complete')]);
    });
    expect(await stored(run)).toHaveLength(2);
  });
});
