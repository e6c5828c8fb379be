import { newId } from '../../src/platform/clock/id.js';
import { ClaimLost, type PlannedCall, type RunClaim } from '../../src/tool/ledger/tool-call.js';
import { ToolCallRepository } from '../../src/tool/ledger/tool-call.repository.js';
import { QuotaRepository } from '../../src/tool/access/quota.repository.js';
import { GrantRepository } from '../../src/tool/grant/grant.repository.js';
import { runCancelled } from '../../src/workflow/workflow.errors.js';
import type { Run } from '../../src/workflow/run/run.js';
import { migratedDatabase, type MigratedDatabase } from '../support/migrated-database.js';
import { runBuilder } from '../support/run-builder.js';

describe('the ledger of tool calls', () => {
  let migrated: MigratedDatabase;
  let calls: ToolCallRepository;
  let build: ReturnType<typeof runBuilder>;
  let run: Run;
  let claim: RunClaim;

  beforeAll(async () => {
    migrated = await migratedDatabase('ledger');
    calls = new ToolCallRepository(migrated.database);
    build = runBuilder(migrated);
  });
  afterAll(() => migrated?.drop());
  beforeEach(async () => {
    run = await build.running();
    claim = { runId: run.id, fence: run.fence };
  });

  const call = (parts: Partial<PlannedCall> = {}): PlannedCall => ({
    workspaceId: run.workspaceId,
    userId: run.userId,
    claim,
    callId: 'n:1',
    tool: 'pay',
    arguments: { amount: 1 },
    askedHash: 'h',
    effect: 'once',
    risk: 'high',
    idempotencyKey: 'k',
    ...parts,
  });
  const planned = async (parts: Partial<PlannedCall> = {}) => (await calls.plan(call(parts)))!;
  const stored = async () => (await calls.find(run.workspaceId, 'n:1', run.id))!;
  /** Another process claims the run. */
  const lose = () => migrated.sql('UPDATE run SET fence = fence + 1 WHERE id = $1', [run.id]);

  it('holds a call of a run once, and one of another run beside it', async () => {
    const results = await Promise.all(Array.from({ length: 10 }, () => calls.plan(call())));
    expect(results.filter(Boolean)).toHaveLength(1);
    const other = await build.running();
    expect(await calls.plan(call({ claim: { runId: other.id, fence: other.fence } }))).toBeDefined();
  });

  it('holds a call outside of runs once by its id', async () => {
    const direct = call({ claim: undefined, callId: newId() });
    const results = await Promise.all(Array.from({ length: 5 }, () => calls.plan(direct)));
    expect(results.filter(Boolean)).toHaveLength(1);
    expect(await calls.find(run.workspaceId, direct.callId, undefined)).toMatchObject({ status: 'planned' });
    expect(await calls.find(newId(), direct.callId, undefined)).toBeUndefined();
  });

  it('lets one of many dispatch, and one write the end', async () => {
    const plan = await planned();
    const dispatched = await Promise.all(Array.from({ length: 20 }, () => calls.dispatch(plan, { amount: 2 }, claim)));
    expect(dispatched.filter(Boolean)).toHaveLength(1);
    const ends = await Promise.all(
      Array.from({ length: 20 }, (_, n) => calls.end(plan.id, { status: 'ok', result: n, durationMs: 1 }, claim)),
    );
    expect(ends.filter(Boolean)).toHaveLength(1);
    expect(await stored()).toMatchObject({ status: 'ok', dispatches: 1, arguments: { amount: 2 } });
  });

  it('lets nothing that acts anew be dispatched again before it is in doubt', async () => {
    const plan = await planned();
    await calls.dispatch(plan, {}, claim);
    const again = await stored();
    expect(await calls.dispatch(again, {}, claim)).toBe(false);
    await calls.end(plan.id, { status: 'in_doubt', durationMs: 0 }, claim);
    expect(await calls.dispatch(await stored(), {}, claim)).toBe(true);
    expect(await stored()).toMatchObject({ status: 'dispatched', dispatches: 2 });
  });

  it('lets what only reads be dispatched again', async () => {
    const plan = await planned({ effect: 'read' });
    await calls.dispatch(plan, {}, claim);
    expect(await calls.dispatch(await stored(), {}, claim)).toBe(true);
  });

  it('keeps a call that was denied from being made', async () => {
    const plan = await planned();
    await calls.end(plan.id, { status: 'denied', durationMs: 0 }, claim);
    expect(await calls.dispatch(plan, {}, claim)).toBe(false);
  });

  describe('of a run that another process has claimed', () => {
    it('lets nothing be planned', async () => {
      await lose();
      await expect(calls.plan(call())).rejects.toBeInstanceOf(ClaimLost);
    });

    it.each<[string, (id: string) => Promise<unknown>]>([
      ['wait', (id) => calls.awaitApproval(id, claim)],
      ['be dispatched', async () => calls.dispatch(await stored(), {}, claim)],
      ['end', (id) => calls.end(id, { status: 'denied', durationMs: 0 }, claim)],
    ])('lets nothing %s', async (_, act) => {
      const { id } = await planned();
      await lose();
      await expect(act(id)).rejects.toBeInstanceOf(ClaimLost);
      expect(await stored()).toMatchObject({ status: 'planned', dispatches: 0 });
    });

    it('lets no result be written', async () => {
      const plan = await planned();
      await calls.dispatch(plan, {}, claim);
      await lose();
      const end = { status: 'ok' as const, result: 1, durationMs: 1 };
      await expect(calls.end(plan.id, end, claim)).rejects.toBeInstanceOf(ClaimLost);
      expect(await stored()).toMatchObject({ status: 'dispatched' });
    });
  });

  it.each<[string, PlannedCall['effect'], string, (id: string) => Promise<unknown>]>([
    ['planned', 'read', 'denied', async () => undefined],
    ['awaiting approval', 'once', 'denied', (id) => calls.awaitApproval(id, claim)],
    ['dispatched and acts anew', 'once', 'in_doubt', async () => calls.dispatch(await stored(), {}, claim)],
    ['dispatched and only reads', 'read', 'error', async () => calls.dispatch(await stored(), {}, claim)],
  ])('ends a call that is %s with its run', async (_, effect, status, act) => {
    const { id } = await planned({ effect });
    await act(id);
    await calls.endOpenOf(run.id, runCancelled('It is over.').record());
    expect(await stored()).toMatchObject({ status, problem: { detail: 'It is over.' } });
    const figures = await migrated.sql('SELECT status FROM figure WHERE workspace_id = $1', [run.workspaceId]);
    expect(figures).toEqual(status === 'denied' ? [] : [{ status }]);
  });

  it('leaves a call that has ended, and those of other runs, when a run ends', async () => {
    const { id } = await planned();
    await calls.dispatch(await stored(), {}, claim);
    const other = await build.running();
    await calls.endOpenOf(other.id, runCancelled('It is over.').record());
    expect(await stored()).toMatchObject({ status: 'dispatched' });
    await calls.end(id, { status: 'ok', result: 1, durationMs: 1 }, claim);
    await calls.endOpenOf(run.id, runCancelled('It is over.').record());
    expect(await stored()).toMatchObject({ status: 'ok', problem: null });
  });

  it('goes with its run', async () => {
    await planned();
    await migrated.sql('DELETE FROM run WHERE id = $1', [run.id]);
    expect(await migrated.sql('SELECT 1 FROM tool_call WHERE workspace_id = $1', [run.workspaceId])).toEqual([]);
  });

  describe('quotas', () => {
    const grants = () => new GrantRepository(migrated.database);
    const quotas = () => new QuotaRepository(migrated.database);
    const granted = (quota: { perHour: number | null; perDay: number | null }) =>
      grants().add({
        id: newId(),
        workspaceId: run.workspaceId,
        userId: null,
        role: 'viewer',
        tool: 'pay',
        pattern: null,
        serverId: null,
        level: 'execute',
        expiresAt: null,
        quota,
        createdBy: run.userId,
      });

    it('are counted exactly by many at once, each user alone, and begin anew with the hour', async () => {
      const grant = await granted({ perHour: 5, perDay: 8 });
      const take = (userId = run.userId) => quotas().take(grant, userId);
      const many = await Promise.all(Array.from({ length: 30 }, () => take()));
      expect(many.filter((usedUp) => usedUp === undefined)).toHaveLength(5);
      expect(many.find(Boolean)).toMatchObject({ window: 'hour' });
      expect(await take(newId())).toBeUndefined();
      await migrated.sql(`UPDATE tool_quota SET hour_at = hour_at - interval '1 hour' WHERE user_id = $1`, [
        run.userId,
      ]);
      const next = await Promise.all(Array.from({ length: 10 }, () => take()));
      expect(next.filter((usedUp) => usedUp === undefined)).toHaveLength(3);
      expect(await quotas().peek(grant, run.userId)).toMatchObject({ window: 'day' });
    });
  });
});
