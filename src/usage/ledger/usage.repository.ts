import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';

/** What usage is told by. */
export const USAGE_GROUPS = ['user', 'workspace', 'workflow', 'model', 'day'] as const;
export type UsageGroup = (typeof USAGE_GROUPS)[number];

export interface UsageFilter {
  readonly workspaceId: string;
  /** Only what this user has used; null: everybody. */
  readonly userId: string | null;
  /** The first and the last day, `YYYY-MM-DD` in UTC. */
  readonly from: string;
  readonly to: string;
}

export interface UsageSum {
  readonly key: string;
  readonly runs: number;
  readonly calls: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly totalTokens: number;
  /** US dollars of the calls whose price is known. */
  readonly cost: number;
  readonly unpricedCalls: number;
}

/** Entries older than this are added up by day. */
const FOLDED_AFTER = '1 minute';
const FOLDED_AT_ONCE = 20_000;
const FOLDING = 7_310_018;

/**
 * What runs and calls of models have used. An entry is written by the statement that makes its event durable (see
 * `EventRepository`), so that it is there exactly once; later it is added to the sum of its day.
 */
@Injectable()
export class UsageRepository {
  constructor(private readonly database: Database) {}

  /** Sums by key, in the order of the keys; after the one that the page before ended with. */
  async sums(
    groupBy: UsageGroup,
    filter: UsageFilter,
    after: string | null,
    limit: number,
  ): Promise<readonly UsageSum[]> {
    const { workspaceId, userId, from, to } = filter;
    return this.database.query<UsageSum & { readonly [name: string]: unknown }>(SUMS[groupBy], [
      workspaceId,
      userId,
      from,
      to,
      after,
      limit,
    ]);
  }

  /** Adds older entries to the sums of their days. Answers whether more are left. One process at a time does it. */
  fold(): Promise<boolean> {
    return this.database.transaction(async () => {
      if (!(await this.database.one<{ mine: boolean }>(TURN, [FOLDING]))?.mine) return false;
      const row = await this.database.one<{ folded: number }>(FOLD, [FOLDED_AFTER, FOLDED_AT_ONCE]);
      return row?.folded === FOLDED_AT_ONCE;
    });
  }
}

const sumsBy = (key: string): string => `
  SELECT ${key} AS key, sum(runs)::float8 AS runs, sum(calls)::float8 AS calls, sum(input_tokens)::float8 AS "inputTokens",
    sum(output_tokens)::float8 AS "outputTokens", sum(total_tokens)::float8 AS "totalTokens", sum(cost)::float8 AS cost,
    sum(unpriced_calls)::float8 AS "unpricedCalls"
  FROM usage_ledger
  WHERE workspace_id = $1 AND ($2::uuid IS NULL OR user_id = $2) AND day >= $3::date AND day <= $4::date
    AND ($5::text IS NULL OR ${key} > $5)
  GROUP BY 1 ORDER BY 1 LIMIT $6`;

const SUMS: { readonly [Group in UsageGroup]: string } = {
  user: sumsBy('user_id::text'),
  workspace: sumsBy('workspace_id::text'),
  workflow: sumsBy('workflow COLLATE "C"'),
  model: sumsBy('model COLLATE "C"').replace('WHERE', `WHERE model <> '' AND`),
  day: sumsBy(`to_char(day, 'YYYY-MM-DD')`),
};

const TURN = 'SELECT pg_try_advisory_xact_lock($1, hashtext(current_schema())) AS mine';

const FOLD = `
  WITH gone AS (
    DELETE FROM usage_entry WHERE id IN (
      SELECT id FROM usage_entry WHERE written_at < now() - $1::interval ORDER BY id LIMIT $2)
    RETURNING *
  ), added AS (
    INSERT INTO usage_day AS total (workspace_id, day, user_id, workflow, model, runs, calls, input_tokens, output_tokens,
      total_tokens, cost, unpriced_calls)
    SELECT workspace_id, day, user_id, workflow, model, sum(runs), sum(calls), sum(input_tokens), sum(output_tokens),
      sum(total_tokens), sum(cost), sum(unpriced_calls)
    FROM gone GROUP BY workspace_id, day, user_id, workflow, model
    ON CONFLICT (workspace_id, day, user_id, workflow, model) DO UPDATE SET runs = total.runs + excluded.runs,
      calls = total.calls + excluded.calls, input_tokens = total.input_tokens + excluded.input_tokens,
      output_tokens = total.output_tokens + excluded.output_tokens,
      total_tokens = total.total_tokens + excluded.total_tokens, cost = total.cost + excluded.cost,
      unpriced_calls = total.unpriced_calls + excluded.unpriced_calls
  )
  SELECT count(*)::int AS folded FROM gone`;
