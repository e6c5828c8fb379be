import { Injectable } from '@nestjs/common';
import { Database } from '../platform/database/database.js';
import { binSql, type Bin } from './log-histogram.js';
import { KEPT_MS, type Window } from './period.js';

/** What ends of runs or tool calls come to together; milliseconds. */
export interface Sum {
  readonly count: number;
  readonly durationMs: number;
  readonly leastMs: number;
  readonly mostMs: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly streamedTokens: number;
  readonly streamedMs: number;
  readonly cacheHits: number;
  readonly cacheMisses: number;
}

/** What runs or tool calls come to that have `subject`, `problem` or `bucket` in common; the others are null. */
export interface Total extends Sum {
  readonly kind: 'run' | 'tool';
  /** The number of the bucket in its window. */
  readonly bucket: number | null;
  /** The workflow's name, or the tool's. */
  readonly subject: string | null;
  readonly status: string | null;
  /** The slug; empty for those without one. */
  readonly problem: string | null;
}

export interface BinTotal extends Bin {
  readonly measure: 'duration' | 'firstToken';
  /** Null for those of the whole window. */
  readonly bucket: number | null;
}

export interface Figures {
  readonly totals: readonly Total[];
  readonly bins: readonly BinTotal[];
}

/** What goes on now, in all processes. */
export interface Workload {
  /** Root runs that are executed. */
  readonly activeRuns: number;
  /** Runs that wait for their turn. */
  readonly queueDepth: number;
}

/** The sums of what has ended; what is not added to them yet counts as well. */
@Injectable()
export class FigureRepository {
  constructor(private readonly database: Database) {}

  /**
   * Adds at most `limit` ends to the sums and answers how many; 0 also while another process does so. What is taken and
   * what is added is one transaction.
   */
  async fold(limit: number): Promise<number> {
    if (!(await this.database.one('SELECT 1 FROM figure LIMIT 1'))) return 0;
    return this.database.transaction(async () => {
      const lock = await this.database.one<{ isOurs: boolean }>(LOCK);
      if (lock?.isOurs !== true) return 0;
      return (await this.database.one<{ count: number }>(FOLD, [limit]))?.count ?? 0;
    });
  }

  /** Deletes at most `limit` sums and `limit` bins of each span that are past their time; answers how many. */
  async forget(limit: number): Promise<number> {
    let deleted = 0;
    for (const statement of FORGET)
      for (const [span, ms] of [
        [1, KEPT_MS.minutes],
        [60, KEPT_MS.hours],
      ])
        deleted += (await this.database.one<{ count: number }>(statement, [span, ms, limit]))?.count ?? 0;
    return deleted;
  }

  /** Of a workspace, or of all with null; runs of one workflow only when `workflow` is given. One statement, one moment. */
  async read(workspaceId: string | null, window: Window, workflow?: string): Promise<Figures> {
    const { from, wholeFrom, bucketMs, origin } = window;
    const whole = wholeFrom === Infinity ? 'infinity' : new Date(wholeFrom);
    const values = [workspaceId, from, whole, bucketMs / 1_000, origin, workflow ?? null];
    const row = await this.database.one<{ figures: Figures }>(workspaceId === null ? READ_ALL : READ, values);
    return row?.figures ?? { totals: [], bins: [] };
  }

  /** Of a workspace, or of all with null. */
  async workload(workspaceId: string | null): Promise<Workload> {
    const row = await this.database.one<{ activeRuns: number; queueDepth: number }>(WORKLOAD, [workspaceId]);
    if (!row) throw new Error('An aggregate has no row.');
    return row;
  }
}

/** One process at a time adds: two would lock the same sums in different orders. */
const LOCK = `SELECT pg_try_advisory_xact_lock(hashtextextended(current_schema() || '.figure', 0)) AS "isOurs"`;

const ORIGIN = `timestamptz '2000-01-01T00:00:00Z'`;

const FOLD = `
  WITH chosen AS MATERIALIZED (SELECT id FROM figure ORDER BY id LIMIT $1),
  taken AS MATERIALIZED (DELETE FROM figure USING chosen WHERE figure.id = chosen.id RETURNING figure.*),
  spread AS MATERIALIZED (
    SELECT CASE WHEN is_all THEN NULL ELSE taken.workspace_id END AS owner, span,
      date_bin(span * interval '1 min', taken.at, ${ORIGIN}) AS begins, taken.*
    FROM taken CROSS JOIN (VALUES (1), (60)) AS spans (span) CROSS JOIN (VALUES (true), (false)) AS scopes (is_all)
    WHERE is_all OR EXISTS (SELECT FROM workspace WHERE workspace.id = taken.workspace_id)
  ), sums AS (
    INSERT INTO figure_sum (workspace_id, span, at, kind, subject, status, problem, count, duration_ms, least_ms, most_ms,
      input_tokens, output_tokens, streamed_tokens, streamed_ms, cache_hits, cache_misses)
    SELECT owner, span, begins, kind, subject, status, problem, count(*), sum(duration_ms), min(duration_ms), max(duration_ms),
      sum(input_tokens), sum(output_tokens), sum(streamed_tokens), sum(streamed_ms), sum(cache_hits), sum(cache_misses)
    FROM spread GROUP BY owner, span, begins, kind, subject, status, problem
    ON CONFLICT ON CONSTRAINT figure_sum_key DO UPDATE SET count = figure_sum.count + excluded.count,
      duration_ms = figure_sum.duration_ms + excluded.duration_ms, least_ms = least(figure_sum.least_ms, excluded.least_ms),
      most_ms = greatest(figure_sum.most_ms, excluded.most_ms), input_tokens = figure_sum.input_tokens + excluded.input_tokens,
      output_tokens = figure_sum.output_tokens + excluded.output_tokens,
      streamed_tokens = figure_sum.streamed_tokens + excluded.streamed_tokens,
      streamed_ms = figure_sum.streamed_ms + excluded.streamed_ms,
      cache_hits = figure_sum.cache_hits + excluded.cache_hits,
      cache_misses = figure_sum.cache_misses + excluded.cache_misses
  ), bins AS (
    INSERT INTO figure_bin (workspace_id, span, at, subject, measure, bin, count)
    SELECT owner, span, begins, subject, measure, ${binSql('ms')} AS bin, count(*)
    FROM spread CROSS JOIN LATERAL (VALUES ('duration', duration_ms), ('firstToken', first_token_ms)) AS measured (measure, ms)
    WHERE kind = 'run' AND ms IS NOT NULL GROUP BY owner, span, begins, subject, measure, ${binSql('ms')}
    ON CONFLICT ON CONSTRAINT figure_bin_key DO UPDATE SET count = figure_bin.count + excluded.count
  )
  SELECT count(*)::int AS count FROM taken`;

const FORGET = ['figure_sum', 'figure_bin'].map(
  (table) => `
  WITH old AS MATERIALIZED (
    SELECT ctid FROM ${table} WHERE span = $1::smallint AND at < now() - $2::double precision * interval '1 ms' LIMIT $3
  ), deleted AS (DELETE FROM ${table} USING old WHERE ${table}.ctid = old.ctid RETURNING 1)
  SELECT count(*)::int AS count FROM deleted`,
);

/** The rows of a table of sums that the window covers: by the minute at its beginning, else by the hour. */
const covered = (table: string, columns: string, owner: string): string => `
    SELECT ${columns} FROM ${table} WHERE ${owner} AND span = 1 AND at >= $2 AND at < $3::timestamptz
    UNION ALL SELECT ${columns} FROM ${table} WHERE ${owner} AND span = 60 AND at >= $3::timestamptz`;

const SUMS = `kind, subject, status, problem, count, duration_ms, least_ms, most_ms, input_tokens, output_tokens,
      streamed_tokens, streamed_ms, cache_hits, cache_misses`;
const BUCKET = `floor(extract(epoch FROM at - $5::timestamptz) / $4::int)::int AS bucket`;

const reading = (owner: string, freshOwner: string): string => `
  WITH fresh AS MATERIALIZED (SELECT * FROM figure WHERE ${freshOwner} AND at >= $2),
  known AS MATERIALIZED (${covered('figure_sum', `${BUCKET}, ${SUMS}`, owner)}
    UNION ALL SELECT ${BUCKET}, kind, subject, status, problem, 1, duration_ms, duration_ms, duration_ms, input_tokens,
      output_tokens, streamed_tokens, streamed_ms, cache_hits, cache_misses FROM fresh
  ), totals AS (
    SELECT kind, bucket, subject, status, problem, sum(count)::float8 AS count, sum(duration_ms)::float8 AS "durationMs",
      min(least_ms) AS "leastMs", max(most_ms) AS "mostMs", sum(input_tokens)::float8 AS "inputTokens",
      sum(output_tokens)::float8 AS "outputTokens", sum(streamed_tokens)::float8 AS "streamedTokens",
      sum(streamed_ms) AS "streamedMs", sum(cache_hits)::float8 AS "cacheHits", sum(cache_misses)::float8 AS "cacheMisses"
    FROM known WHERE kind = 'tool' OR $6::text IS NULL OR subject = $6
    GROUP BY GROUPING SETS ((kind, bucket, status), (kind, subject, status), (kind, problem))
  ), binned AS MATERIALIZED (${covered('figure_bin', `subject, measure, ${BUCKET}, bin, count`, owner)}
    UNION ALL SELECT subject, measure, ${BUCKET}, ${binSql('ms')}, 1
    FROM fresh CROSS JOIN LATERAL (VALUES ('duration', duration_ms), ('firstToken', first_token_ms)) AS measured (measure, ms)
    WHERE kind = 'run' AND ms IS NOT NULL
  ), bins AS (
    SELECT measure, bucket, bin, sum(count)::float8 AS count FROM binned WHERE $6::text IS NULL OR subject = $6
    GROUP BY GROUPING SETS ((measure, bin), (measure, bucket, bin))
    HAVING bucket IS NULL OR measure = 'duration'
  )
  SELECT json_build_object(
    'totals', (SELECT coalesce(json_agg(totals), '[]') FROM totals), 'bins', (SELECT coalesce(json_agg(bins), '[]') FROM bins)
  ) AS figures`;

const READ = reading('workspace_id = $1', 'workspace_id = $1');
const READ_ALL = reading('workspace_id IS NULL AND $1::uuid IS NULL', '$1::uuid IS NULL');

const WORKLOAD = `
  SELECT
    (SELECT count(*)::int FROM run WHERE status = 'running' AND parent_run_id IS NULL AND ($1::uuid IS NULL OR workspace_id = $1))
      AS "activeRuns",
    (SELECT count(*)::int FROM run WHERE status = 'queued' AND ($1::uuid IS NULL OR workspace_id = $1)) AS "queueDepth"`;
