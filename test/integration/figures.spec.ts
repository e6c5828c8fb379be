import { newId } from '../../src/platform/clock/id.js';
import { FigureRepository, type Figures } from '../../src/metrics/figure.repository.js';
import { windowOf } from '../../src/metrics/period.js';
import { statisticsOf } from '../../src/metrics/statistics.js';
import type { Database } from '../../src/platform/database/database.js';
import { Metrics1700000000017 } from '../../src/platform/database/migration/0017-metrics.migration.js';
import { CacheFigures1700000000021 } from '../../src/platform/database/migration/0021-cache-figures.migration.js';
import type { EndStatus, Run } from '../../src/workflow/run/run.js';
import type { RunEnd } from '../../src/workflow/run/run-claims.js';
import { migratedDatabase, type MigratedDatabase } from '../support/migrated-database.js';
import { runBuilder } from '../support/run-builder.js';

/** What is also known of runs that ended before there were statistics. */
const withoutFirst = ({
  totalExecutions,
  statusCounts,
  averageExecutionTimeMs,
  errorCounts,
  workflowCounts,
  outputTokens,
  tools,
  timeToFirstTokenMs: first,
}: ReturnType<typeof statisticsOf>) => ({
  totalExecutions,
  statusCounts,
  averageExecutionTimeMs,
  errorCounts,
  workflowCounts,
  outputTokens,
  tools,
  first,
});

const PROBLEM = { type: '/problems/model-unavailable', title: 'Away', status: 503, detail: 'Away.' };

const ended = (status: EndStatus, parts: Partial<RunEnd> = {}): RunEnd => ({
  status,
  output: null,
  problem: status === 'succeeded' ? null : PROBLEM,
  usage: { inputTokens: 7, outputTokens: 5, totalTokens: 12 },
  cost: null,
  executedMs: 1,
  firstTokenMs: 40,
  streamed: { tokens: 5, ms: 100 },
  ...parts,
});

/** What ends of runs leave, and what becomes of it. */
describe('figures', () => {
  let migrated: MigratedDatabase;
  let build: ReturnType<typeof runBuilder>;
  let figures: FigureRepository;
  let tenant: { readonly workspaceId: string; readonly userId: string };

  beforeAll(async () => {
    migrated = await migratedDatabase('figures');
    build = runBuilder(migrated);
    figures = new FigureRepository(migrated.database);
  });
  afterAll(() => migrated.drop());
  beforeEach(async () => {
    await migrated.sql('TRUNCATE figure, figure_sum, figure_bin');
    tenant = await migrated.tenant();
  });

  const window = (period = '24h') => windowOf(period, new Date())!;
  const read = (period?: string): Promise<Figures> => figures.read(tenant.workspaceId, window(period));
  const stats = async (period?: string, of = window(period)) =>
    statisticsOf(of, await figures.read(tenant.workspaceId, of));
  const rows = async (table: string): Promise<number> =>
    (await migrated.sql<{ count: number }>(`SELECT count(*)::int AS count FROM ${table}`))[0]!.count;
  const foldAll = async (): Promise<void> => {
    while ((await figures.fold(10)) > 0);
  };
  const end = async (status: EndStatus, parts: Partial<RunEnd> = {}, run?: Run): Promise<Run> =>
    (await build.claims.end(run ?? (await build.running(tenant)), ended(status, parts)))!;
  /** Ends that lie in the past and took so long. */
  const add = async (count: number, age: string, ms: string, workspaceId = tenant.workspaceId): Promise<void> => {
    await migrated.sql(
      `INSERT INTO figure (workspace_id, kind, subject, status, at, duration_ms)
       SELECT $1, 'run', 'plain', 'succeeded', now() - ($3::interval) * random(), (${ms})::int FROM generate_series(1, $2)`,
      [workspaceId, count, age],
    );
  };

  it('count an end from its commit on, before and after it is added to the sums', async () => {
    await end('succeeded');
    await end('failed');
    const one = window();
    const before = await stats('24h', one);
    expect(before).toMatchObject({
      totalExecutions: 2,
      statusCounts: { succeeded: 1, failed: 1, cancelled: 0, timedOut: 0 },
      errorCounts: { 'model-unavailable': 1 },
      workflowCounts: { plain: 2 },
      successRates: { plain: 0.5 },
      inputTokens: 14,
      outputTokens: 10,
      tokensPerSecond: 50,
    });
    expect(Math.abs(before.timeToFirstTokenMs.p50! - 40)).toBeLessThanOrEqual(1);
    expect([await rows('figure'), await rows('figure_sum')]).toEqual([2, 0]);
    await foldAll();
    expect(await rows('figure')).toBe(0);
    expect(await stats('24h', one)).toEqual(before);
  });

  it('leave nothing of an end that is rolled back, or that another process has taken over', async () => {
    const run = await build.running(tenant);
    const rollback = migrated.database.transaction(async () => {
      await build.claims.end(run, ended('succeeded'));
      throw new Error('No.');
    });
    await expect(rollback).rejects.toThrow('No.');
    await migrated.sql('UPDATE run SET fence = fence + 1 WHERE id = $1', [run.id]);
    expect(await build.claims.end(run, ended('succeeded'))).toBeUndefined();
    expect(await rows('figure')).toBe(0);
    await end('succeeded', {}, { ...run, fence: run.fence + 1 });
    expect(await build.claims.end({ ...run, fence: run.fence + 1 }, ended('succeeded'))).toBeUndefined();
    expect((await stats()).totalExecutions).toBe(1);
  });

  it('count a run that was cancelled before it began, and no child run', async () => {
    const queued = await build.queued(tenant);
    await build.claims.cancelQueued(queued.id, { ...PROBLEM, type: '/problems/run-cancelled' });
    const child = await build.running(tenant);
    await migrated.sql('UPDATE run SET parent_run_id = $2, root_run_id = $2 WHERE id = $1', [child.id, queued.id]);
    await end('succeeded', {}, child);
    expect(await stats()).toMatchObject({
      totalExecutions: 1,
      errorCounts: { 'run-cancelled': 1 },
      tokensPerSecond: null,
    });
  });

  it('are added once, however many processes do so while others end runs', async () => {
    await add(500, '5 min', '100 * random()');
    const ending = Array.from({ length: 20 }, () => end('succeeded'));
    const adding = Array.from({ length: 8 }, async () => {
      for (let turn = 0; turn < 20; turn += 1) await figures.fold(20);
    });
    const seen: number[] = [];
    for (let turn = 0; turn < 20; turn += 1) seen.push((await stats()).totalExecutions);
    await Promise.all([...ending, ...adding]);
    await foldAll();
    expect(seen.every((count, index) => count >= (seen[index - 1] ?? 500))).toBe(true);
    expect((await stats()).totalExecutions).toBe(520);
    expect((await read()).bins.filter(({ bucket }) => bucket === null).reduce((sum, { count }) => sum + count, 0)).toBe(
      520 + 20,
    );
  });

  it('tell percentiles that are at most 2.5 % from those of the runs themselves', async () => {
    await add(2_000, '3 h', 'exp(12 * random())');
    const [exact] = await migrated.sql<Record<string, number>>(
      `SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY duration_ms) AS p50, percentile_disc(0.9) WITHIN GROUP (ORDER BY duration_ms) AS p90,
         percentile_disc(0.95) WITHIN GROUP (ORDER BY duration_ms) AS p95, percentile_disc(0.99) WITHIN GROUP (ORDER BY duration_ms) AS p99
       FROM figure`,
    );
    for (const folded of [false, true]) {
      if (folded) await foldAll();
      const { percentiles } = await stats('6h');
      for (const name of ['p50', 'p90', 'p95', 'p99'] as const)
        expect([name, folded, Math.abs(percentiles[name]! / exact![name]! - 1) <= 0.025]).toEqual([name, folded, true]);
    }
  });

  it('are the same by minute and by hour, over whichever period', async () => {
    await add(300, '5 days', '1000 * random()');
    await foldAll();
    const naive = async (from: Date): Promise<number> => {
      const [known] = await migrated.sql<{ count: number }>(
        `SELECT sum(count)::int AS count FROM figure_sum WHERE workspace_id = $1 AND span = 1 AND at >= $2`,
        [tenant.workspaceId, from],
      );
      return known!.count ?? 0;
    };
    for (const period of ['30m', '6h', '7h', '24h', '47h', '48h', '49h', '3d', '5d', '400d']) {
      const of = window(period);
      const { totalExecutions, performanceTrends } = await stats(period, of);
      expect([period, totalExecutions]).toEqual([period, await naive(of.from)]);
      const inBuckets = performanceTrends.reduce((sum, bucket) => sum + bucket.totalExecutions, 0);
      expect([period, inBuckets]).toEqual([period, totalExecutions]);
    }
  });

  it('cost as much to keep and to read after a hundred times as many runs', async () => {
    const measured = async (): Promise<readonly number[]> => {
      await foldAll();
      const { totals, bins } = await read('6h');
      return [await rows('figure'), await rows('figure_sum'), await rows('figure_bin'), totals.length, bins.length];
    };
    const fold = figures.fold.bind(figures);
    figures.fold = () => fold(100_000);
    try {
      const at = new Date(Math.floor(Date.now() / 60_000) * 60_000 - 600_000);
      const fill = (count: number): Promise<unknown> =>
        migrated.sql(
          `INSERT INTO figure (workspace_id, kind, subject, status, at, duration_ms)
           SELECT $1, 'run', 'plain', 'succeeded', $3, 1 + n % 100 FROM generate_series(1, $2) AS n`,
          [tenant.workspaceId, count, at],
        );
      await fill(200);
      const few = await measured();
      await fill(20_000);
      expect(await measured()).toEqual(few);
      expect(few[0]).toBe(0);
    } finally {
      figures.fold = fold;
    }
  });

  it('are forgotten when their time is over, a bounded number at once, and not before', async () => {
    await add(50, '1 min', '10');
    await foldAll();
    const [sums, bins] = [await rows('figure_sum'), await rows('figure_bin')];
    await migrated.sql(`INSERT INTO figure_sum SELECT workspace_id, span, at - interval '402 days', kind, subject, status, problem,
      count, duration_ms, least_ms, most_ms, input_tokens, output_tokens, streamed_tokens, streamed_ms FROM figure_sum`);
    await migrated.sql(
      `INSERT INTO figure_bin SELECT workspace_id, span, at - interval '50 hours', subject, measure, bin, count FROM figure_bin`,
    );
    expect(await figures.forget(1)).toBeLessThanOrEqual(3);
    while ((await figures.forget(100)) > 0);
    expect(await rows('figure_sum')).toBe(sums);
    const byHour = (
      await migrated.sql<{ count: number }>('SELECT count(*)::int AS count FROM figure_bin WHERE span = 60')
    )[0]!;
    expect(await rows('figure_bin')).toBe(bins + byHour.count / 2);
  });

  it('are those of one workspace, or of all', async () => {
    const other = await migrated.tenant();
    await add(3, '5 min', '10');
    await add(4, '5 min', '10', other.workspaceId);
    for (const folded of [false, true]) {
      if (folded) await foldAll();
      const count = async (workspaceId: string | null) =>
        statisticsOf(window(), await figures.read(workspaceId, window())).totalExecutions;
      expect([await count(tenant.workspaceId), await count(other.workspaceId), await count(newId())]).toEqual([
        3, 4, 0,
      ]);
      expect(await count(null)).toBe(7);
    }
  });

  it('are neither lost nor doubled when adding them fails halfway', async () => {
    await add(30, '5 min', '10');
    await figures.fold(10);
    await migrated.sql('ALTER TABLE figure_bin ADD CONSTRAINT no_more CHECK (count < 0) NOT VALID');
    await expect(figures.fold(10)).rejects.toThrow('no_more');
    expect([await rows('figure'), (await stats()).totalExecutions]).toEqual([20, 30]);
    await migrated.sql('ALTER TABLE figure_bin DROP CONSTRAINT no_more');
    await foldAll();
    expect([await rows('figure'), (await stats()).totalExecutions]).toEqual([0, 30]);
  });

  it('are read by an index, however many other workspaces have', async () => {
    await migrated.sql(
      `INSERT INTO figure_sum SELECT NULL, 1, now() - n * interval '1 min', 'run', 'plain', 'succeeded', '', 1, 1, 1, 1, 1, 1, 1, 1
       FROM generate_series(1, 20000) AS n`,
    );
    await migrated.sql(
      `INSERT INTO figure_bin SELECT NULL, 1, now() - n * interval '1 min', 'plain', 'duration', 1, 1 FROM generate_series(1, 20000) AS n`,
    );
    await migrated.sql('ANALYZE figure_sum, figure_bin');
    let asked: readonly [text: string, values: readonly unknown[]] | undefined;
    const listening = {
      one: async (...one: [string, readonly unknown[]]) => void (asked = one),
    } as unknown as Database;
    const reads = new FigureRepository(listening);
    for (const workspaceId of [tenant.workspaceId, null]) {
      await reads.read(workspaceId, window('30m'));
      const plan = await migrated.sql<Record<string, unknown>>(`EXPLAIN (FORMAT JSON) ${asked![0]}`, asked![1]);
      const text = JSON.stringify(plan);
      expect(text).toContain('figure_sum_');
      for (const table of ['figure_sum', 'figure_bin'])
        expect(text).not.toMatch(new RegExp(`"Node Type":"Seq Scan"[^{}]*"Relation Name":"${table}"`));
    }
  });

  it('count what ended before there were any', async () => {
    const workspaceId = tenant.workspaceId;
    await end('succeeded');
    await end('failed');
    await build.running(tenant);
    await migrated.sql(
      `INSERT INTO tool_call (id, workspace_id, user_id, call_id, tool, asked_hash, arguments, arguments_hash, effect, risk, status,
         idempotency_key, ended_at, duration_ms)
       SELECT gen_random_uuid(), $1, $1, status, 'clock', '', '{}', '', 'read', 'low', status, '', now(), 8
       FROM unnest('{ok,error,denied}'::text[]) AS status`,
      [workspaceId],
    );
    const { first: _, ...before } = withoutFirst(await stats());
    const runner = migrated.dataSource.createQueryRunner();
    try {
      await new Metrics1700000000017().down(runner);
      await new Metrics1700000000017().up(runner);
      await new CacheFigures1700000000021().up(runner);
    } finally {
      await runner.release();
    }
    const { first, ...after } = withoutFirst(await stats());
    expect(after).toEqual({ ...before, tools: { clock: { calls: 2, errors: 1, averageMs: 8 } } });
    expect(first).toEqual({ p50: null, p95: null, p99: null });
  });

  it('stay with all when a workspace is deleted, and are added up for it no more', async () => {
    await add(3, '5 min', '10');
    await migrated.sql('DELETE FROM workspace WHERE id = $1', [tenant.workspaceId]);
    await foldAll();
    expect((await stats()).totalExecutions).toBe(0);
    expect(statisticsOf(window(), await figures.read(null, window())).totalExecutions).toBe(3);
  });
});
