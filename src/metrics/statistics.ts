import type { BinTotal, Figures, Sum, Total } from './figure.repository.js';
import { percentile, round, type Bin } from './log-histogram.js';
import { bucketsOf, type Window } from './period.js';

const MOST_NAMES = 200;
const OTHERS = '(others)';

type StatusCounts = Readonly<Record<'succeeded' | 'failed' | 'cancelled' | 'timedOut', number>>;

export interface Trend {
  readonly from: string;
  readonly totalExecutions: number;
  readonly statusCounts: StatusCounts;
  readonly successRate: number | null;
  readonly averageExecutionTimeMs: number | null;
  readonly percentiles: { readonly p50: number | null; readonly p95: number | null };
  readonly inputTokens: number;
  readonly outputTokens: number;
}

/** What the figures of a window say. Whatever nothing was measured of is null. */
export function statisticsOf(window: Window, { totals, bins }: Figures) {
  const runs = totals.filter(({ kind, subject }) => kind === 'run' && subject !== null);
  const all = sumOf(runs);
  const durations = binsOf(bins, 'duration');
  const firsts = binsOf(bins, 'firstToken');
  const duration = (share: number) => percentile(durations, share, all.leastMs, all.mostMs);
  const first = (share: number) => percentile(firsts, share);
  return {
    from: window.from.toISOString(),
    to: window.to.toISOString(),
    averageExecutionTimeMs: averageOf(all),
    minExecutionTimeMs: all.count > 0 ? all.leastMs : null,
    maxExecutionTimeMs: all.count > 0 ? all.mostMs : null,
    percentiles: { p50: duration(0.5), p90: duration(0.9), p95: duration(0.95), p99: duration(0.99) },
    timeToFirstTokenMs: { p50: first(0.5), p95: first(0.95), p99: first(0.99) },
    tokensPerSecond: all.streamedMs > 0 ? round((all.streamedTokens / all.streamedMs) * 1_000) : null,
    inputTokens: all.inputTokens,
    outputTokens: all.outputTokens,
    totalExecutions: all.count,
    statusCounts: statusCounts(runs),
    successRate: rateOf(runs),
    workflowCounts: byName(runs, (group) => sumOf(group).count),
    successRates: byName(runs, (group) => rateOf(group) ?? 0),
    errorCounts: Object.fromEntries(
      byCount(totals.filter(({ kind, problem }) => kind === 'run' && problem !== null && problem !== ''))
        .slice(0, MOST_NAMES)
        .map(({ problem, count }) => [problem, count]),
    ),
    tools: byName(
      totals.filter(({ kind, subject }) => kind === 'tool' && subject !== null),
      toolFigures,
    ),
    cache: cacheFigures(all),
    performanceTrends: trendsOf(window, { totals, bins }),
    bucketMs: window.bucketMs,
  };
}

/** One for each bucket of the window, also where nothing ended. */
export function trendsOf(window: Window, { totals, bins }: Figures): readonly Trend[] {
  const buckets = bucketsOf(window);
  // The database's clock may be a little ahead of ours.
  const bucketOf = ({ bucket }: { readonly bucket: number | null }) => bucket && Math.min(bucket, buckets.length - 1);
  const runs = Map.groupBy(
    totals.filter(({ kind, bucket }) => kind === 'run' && bucket !== null),
    bucketOf,
  );
  const durations = Map.groupBy(bins, bucketOf);
  return buckets.map((from, bucket): Trend => {
    const group = runs.get(bucket) ?? [];
    const sum = sumOf(group);
    const known = durations.get(bucket) ?? [];
    return {
      from: from.toISOString(),
      totalExecutions: sum.count,
      statusCounts: statusCounts(group),
      successRate: rateOf(group),
      averageExecutionTimeMs: averageOf(sum),
      percentiles: {
        p50: percentile(known, 0.5, sum.leastMs, sum.mostMs),
        p95: percentile(known, 0.95, sum.leastMs, sum.mostMs),
      },
      inputTokens: sum.inputTokens,
      outputTokens: sum.outputTokens,
    };
  });
}

/** A call whose answer never came has no duration. */
function toolFigures(calls: readonly Total[]) {
  const timed = sumOf(calls.filter(({ status }) => status !== 'in_doubt'));
  return {
    calls: sumOf(calls).count,
    errors: sumOf(calls.filter(({ status }) => status !== 'ok')).count,
    averageMs: averageOf(timed),
  };
}

function cacheFigures({ cacheHits: hits, cacheMisses: misses }: Sum) {
  const asked = hits + misses;
  return { hits, misses, hitRate: asked > 0 ? Math.round((hits / asked) * 10_000) / 10_000 : null };
}

function sumOf(totals: readonly Total[]): Sum {
  const sum = (of: (total: Total) => number): number => totals.reduce((known, total) => known + of(total), 0);
  return {
    count: sum(({ count }) => count),
    durationMs: sum(({ durationMs }) => durationMs),
    leastMs: Math.min(...totals.map(({ leastMs }) => leastMs)),
    mostMs: Math.max(...totals.map(({ mostMs }) => mostMs)),
    inputTokens: sum(({ inputTokens }) => inputTokens),
    outputTokens: sum(({ outputTokens }) => outputTokens),
    streamedTokens: sum(({ streamedTokens }) => streamedTokens),
    streamedMs: sum(({ streamedMs }) => streamedMs),
    cacheHits: sum(({ cacheHits }) => cacheHits),
    cacheMisses: sum(({ cacheMisses }) => cacheMisses),
  };
}

const averageOf = ({ count, durationMs }: Sum): number | null => (count > 0 ? round(durationMs / count) : null);

function statusCounts(totals: readonly Total[]): StatusCounts {
  const counted = (status: string): number => sumOf(totals.filter((total) => total.status === status)).count;
  return {
    succeeded: counted('succeeded'),
    failed: counted('failed'),
    cancelled: counted('cancelled'),
    timedOut: counted('timedOut'),
  };
}

/** Of all that ended, however they did: the share that succeeded, to four places. */
function rateOf(totals: readonly Total[]): number | null {
  const { count } = sumOf(totals);
  return count === 0 ? null : Math.round((statusCounts(totals).succeeded / count) * 10_000) / 10_000;
}

/** By subject, those with most ends first; beyond 200 names the rest is one. */
function byName<Value>(
  totals: readonly Total[],
  valueOf: (group: readonly Total[]) => Value,
): Readonly<Record<string, Value>> {
  const groups = [...Map.groupBy(totals, ({ subject }) => subject ?? '')]
    .map(([name, group]) => ({ name, group, count: sumOf(group).count }))
    .toSorted((left, right) => right.count - left.count || (left.name < right.name ? -1 : 1));
  const rest = groups.slice(MOST_NAMES).flatMap(({ group }) => group);
  return Object.fromEntries([
    ...groups.slice(0, MOST_NAMES).map(({ name, group }) => [name, valueOf(group)] as const),
    ...(rest.length > 0 ? [[OTHERS, valueOf(rest)] as const] : []),
  ]);
}

const byCount = (totals: readonly Total[]): readonly Total[] =>
  totals.toSorted((left, right) => right.count - left.count);

const binsOf = (bins: readonly BinTotal[], measure: BinTotal['measure']): readonly Bin[] =>
  bins.filter((bin) => bin.measure === measure && bin.bucket === null);
