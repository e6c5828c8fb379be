import type { Total } from './figure.repository.js';
import { windowOf } from './period.js';
import { statisticsOf } from './statistics.js';

const window = windowOf('1h', new Date('2026-11-27T10:17:30Z'))!;

const total = (parts: Partial<Total>): Total => ({
  kind: 'run',
  bucket: null,
  subject: null,
  status: null,
  problem: null,
  count: 1,
  durationMs: 10,
  leastMs: 10,
  mostMs: 10,
  inputTokens: 0,
  outputTokens: 0,
  streamedTokens: 0,
  streamedMs: 0,
  cacheHits: 0,
  cacheMisses: 0,
  ...parts,
});

describe('statistics', () => {
  it('invent nothing where nothing ended', () => {
    expect(statisticsOf(window, { totals: [], bins: [] })).toMatchObject({
      averageExecutionTimeMs: null,
      minExecutionTimeMs: null,
      maxExecutionTimeMs: null,
      percentiles: { p50: null, p90: null, p95: null, p99: null },
      timeToFirstTokenMs: { p50: null, p95: null, p99: null },
      tokensPerSecond: null,
      totalExecutions: 0,
      successRate: null,
      workflowCounts: {},
      successRates: {},
      errorCounts: {},
      tools: {},
      cache: { hits: 0, misses: 0, hitRate: null },
    });
  });

  it('show buckets also where nothing ended, and put what a fast clock dated beyond the last one into it', () => {
    const { performanceTrends } = statisticsOf(window, {
      totals: [total({ bucket: 1, status: 'failed' }), total({ bucket: 70, status: 'succeeded', count: 2 })],
      bins: [],
    });
    expect(performanceTrends.map(({ totalExecutions }) => totalExecutions)).toEqual([
      0,
      1,
      ...Array.from({ length: performanceTrends.length - 3 }, () => 0),
      2,
    ]);
    expect(performanceTrends[0]).toMatchObject({ averageExecutionTimeMs: null, successRate: null });
    expect(performanceTrends[1]).toMatchObject({ averageExecutionTimeMs: 10, successRate: 0 });
  });

  it('name 200 workflows at most, the others together', () => {
    const totals = Array.from({ length: 250 }, (_, index) =>
      total({ subject: `w${index}`, status: 'succeeded', count: 1_000 - index }),
    );
    const { workflowCounts, totalExecutions } = statisticsOf(window, { totals, bins: [] });
    const counts = Object.values(workflowCounts);
    expect(counts).toHaveLength(201);
    expect(workflowCounts.w0).toBe(1_000);
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(totalExecutions);
  });

  it('keep names that objects have by themselves', () => {
    const totals = ['__proto__', 'constructor'].map((subject) => total({ subject, status: 'succeeded' }));
    const { workflowCounts } = statisticsOf(window, { totals, bins: [] });
    expect(JSON.parse(JSON.stringify(workflowCounts))).toEqual(JSON.parse('{"__proto__":1,"constructor":1}'));
  });

  it('leave calls of which nobody knows the answer out of the mean, not out of the errors', () => {
    const tool = (status: string, count: number, durationMs: number) =>
      total({ kind: 'tool', subject: 'clock', status, count, durationMs });
    const { tools } = statisticsOf(window, {
      totals: [tool('ok', 3, 30), tool('error', 1, 50), tool('in_doubt', 2, 0)],
      bins: [],
    });
    expect(tools.clock).toEqual({ calls: 6, errors: 3, averageMs: 20 });
  });
});
