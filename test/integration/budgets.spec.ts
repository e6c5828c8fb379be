import { setTimeout as sleep } from 'node:timers/promises';
import { newId } from '../../src/platform/clock/id.js';
import { BudgetRepository } from '../../src/usage/budget/budget.repository.js';
import { Budgets, type PlannedCall } from '../../src/usage/budget/budgets.js';
import type { Run } from '../../src/workflow/run/run.js';
import { migratedDatabase, type MigratedDatabase } from '../support/migrated-database.js';
import { runBuilder } from '../support/run-builder.js';

const WANTED = 100;

/** As many as there may be processes: each has budgets of its own, and the database in common. */
describe('budgets in PostgreSQL', () => {
  let migrated: MigratedDatabase;
  let repository: BudgetRepository;
  let build: ReturnType<typeof runBuilder>;
  let run: Run;

  beforeAll(async () => {
    migrated = await migratedDatabase('budgets');
    repository = new BudgetRepository(migrated.database);
    build = runBuilder(migrated);
  });
  beforeEach(async () => {
    run = await build.running();
  });
  afterEach(() => migrated.sql('DELETE FROM budget'));
  afterAll(() => migrated.drop());

  const budget = async (limit: number): Promise<string> => {
    const id = newId();
    const { workspaceId, userId: createdBy } = run;
    const what = { scope: 'workspace', subjectId: workspaceId, unit: 'tokens', period: 'day' } as const;
    await repository.add({ ...what, id, workspaceId, limit, createdBy });
    return id;
  };
  const process = () => new Budgets(new BudgetRepository(migrated.database), migrated.database);
  const call = (parts: Partial<PlannedCall> = {}): PlannedCall => ({
    spender: { workspaceId: run.workspaceId, userId: run.userId, workflow: 'plain' },
    run,
    model: 'a:b',
    inputTokens: () => 0,
    maxTokens: WANTED,
    costOf: () => 0,
    signal: new AbortController().signal,
    warn: () => undefined,
    refused: () => undefined,
    ...parts,
  });
  const standing = async (id: string) => (await repository.states(run.workspaceId, [id]))[0];

  it('reserve for 40 processes at once no more than there is', async () => {
    const id = await budget(10 * WANTED);
    const stop = new AbortController();
    const asked = Array.from({ length: 40 }, () => process().reserve(call({ signal: stop.signal })));
    const settled = Promise.allSettled(asked);
    await sleep(1_500);
    expect((await standing(id))?.reserved).toBe(10 * WANTED);
    stop.abort(new Error('enough'));
    const granted = (await settled).filter(({ status }) => status === 'fulfilled');
    expect(granted).toHaveLength(10);
    expect((await standing(id))?.reserved).toBe(10 * WANTED);
  });

  it('let growing answers of all of them have no more than there is', async () => {
    const id = await budget(10 * WANTED);
    const allowances = await Promise.all(Array.from({ length: 4 }, () => process().reserve(call())));
    const granted = await Promise.all(allowances.map(async (allowance) => allowance?.cover(1_000)));
    const { reserved, limit } = (await standing(id)) ?? { reserved: NaN, limit: NaN };
    expect(reserved).toBeLessThanOrEqual(limit);
    expect(granted.reduce<number>((sum, tokens) => sum + (tokens ?? 0), 0)).toBeLessThanOrEqual(limit);
  });

  it.each([
    ['has ended', `UPDATE run SET status = 'succeeded' WHERE id = $1`],
    ['is held by another process', 'UPDATE run SET fence = fence + 1 WHERE id = $1'],
    ['has no lease any more', `UPDATE run SET lease_until = now() - interval '1 second' WHERE id = $1`],
  ])('count no reservation of a run that %s, and forget it in time', async (_, change) => {
    const id = await budget(1_000);
    await process().reserve(call());
    expect((await standing(id))?.reserved).toBe(WANTED);
    await repository.sweep();
    expect(await migrated.sql('SELECT 1 FROM budget_reservation')).toHaveLength(1);
    await migrated.sql(change, [run.id]);
    expect((await standing(id))?.reserved).toBe(0);
    await migrated.sql(`UPDATE budget_reservation SET created_at = now() - interval '2 minutes'`);
    await repository.sweep();
    expect(await migrated.sql('SELECT 1 FROM budget_reservation')).toEqual([]);
  });

  it('are warned of once in a period, whoever comes first', async () => {
    const id = await budget(1_000);
    const warned = await Promise.all(Array.from({ length: 10 }, () => repository.warn(id)));
    expect(warned.filter(Boolean)).toHaveLength(1);
    expect((await standing(id))?.isWarned).toBe(true);
    await migrated.sql(`UPDATE budget SET warned_for = warned_for - 1`);
    expect([await repository.warn(id), await repository.warn(id)]).toEqual([true, false]);
  });

  it.each([
    ['day', 0],
    ['week', 6],
    ['month', 30],
    ['total', 4_000],
  ] as const)('count what was used in the %s, and nothing before', async (period, daysAgo) => {
    const id = await budget(1_000);
    await repository.change(run.workspaceId, id, 1_000, period);
    await migrated.sql('DELETE FROM usage_day');
    const use = (days: string) =>
      migrated.sql(
        `INSERT INTO usage_day SELECT $1, day, $2, 'plain', 'a:b', 1, 1, 1, 2, 3, 0, 0
         FROM (SELECT (now() AT TIME ZONE 'utc')::date - ago AS day FROM unnest($3::int[]) AS ago) AS days`,
        [run.workspaceId, run.userId, `{${days}}`],
      );
    const days = Array.from({ length: daysAgo + 40 }, (_, index) => index);
    await use(days.join());
    const state = await standing(id);
    const now = new Date();
    const today = Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), now.getUTCDate());
    const counted = {
      day: 1,
      week: ((now.getUTCDay() + 6) % 7) + 1,
      month: now.getUTCDate(),
      total: days.length,
    }[period];
    expect(state?.used).toBe(3 * counted);
    const resets = {
      day: today + 86_400_000,
      week: today + (8 - counted) * 86_400_000,
      month: Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + 1, 1),
      total: undefined,
    }[period];
    expect(state?.resetsAt?.getTime()).toBe(resets);
  });

  it('are kept from the database of the process, and asked for anew after a change', async () => {
    const own = process();
    expect(await own.reserve(call())).toBeUndefined();
    await budget(1_000);
    expect(await own.reserve(call())).toBeUndefined();
    own.changed(run.workspaceId);
    expect(await own.reserve(call())).toBeDefined();
  });
});
