import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import type { Budget, BudgetPeriod, BudgetScope, BudgetState, BudgetUnit, Grant } from './budget.js';

/** A budget as it is kept, with where it stands. */
export interface StoredBudget extends BudgetState {
  readonly createdBy: string;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

export interface NewBudget extends Budget {
  readonly workspaceId: string;
  readonly createdBy: string;
}

/** The call of a model that holds a reservation, and the claim of its run: it counts as long as that claim lives. */
export interface Holder {
  readonly id: string;
  readonly runId: string;
  readonly fence: number;
}

@Injectable()
export class BudgetRepository {
  constructor(private readonly database: Database) {}

  /** Every budget of a workspace; at most as many as there can be. */
  async all(workspaceId: string): Promise<readonly Budget[]> {
    return this.database.query<Budget & { readonly [name: string]: unknown }>(ALL, [workspaceId]);
  }

  async count(workspaceId: string): Promise<number> {
    const row = await this.database.one<{ count: number }>(
      'SELECT count(*)::int AS count FROM budget WHERE workspace_id = $1',
      [workspaceId],
    );
    return row?.count ?? 0;
  }

  /** Newest first; `before` is the id the page before ended with. With `userId`, without the budgets of other users. */
  async list(
    workspaceId: string,
    userId: string | null,
    before: string | null,
    limit: number,
  ): Promise<readonly StoredBudget[]> {
    return (await this.database.query<Row>(LIST, [workspaceId, userId, before, limit])).map(toBudget);
  }

  async find(workspaceId: string, userId: string | null, id: string): Promise<StoredBudget | undefined> {
    const row = await this.database.one<Row>(FIND, [workspaceId, userId, id]);
    return row && toBudget(row);
  }

  /** Violates `budget_subject` when there is one of the same subject, unit and period. */
  async add(budget: NewBudget): Promise<void> {
    const { id, workspaceId, scope, subjectId, unit, limit, period, createdBy } = budget;
    await this.database.query(ADD, [id, workspaceId, scope, subjectId, unit, limit, period, createdBy]);
  }

  async change(workspaceId: string, id: string, limit: number, period: BudgetPeriod): Promise<boolean> {
    return (await this.database.one(CHANGE, [workspaceId, id, limit, period])) !== undefined;
  }

  async remove(workspaceId: string, id: string): Promise<boolean> {
    const removed = 'DELETE FROM budget WHERE workspace_id = $1 AND id = $2 RETURNING id';
    return (await this.database.one(removed, [workspaceId, id])) !== undefined;
  }

  /** Lets one reservation of these budgets happen at a time, until the end of the transaction. */
  async lock(workspaceId: string, ids: readonly string[]): Promise<void> {
    await this.database.query(LOCK, [workspaceId, ids]);
  }

  /** Where the budgets stand, without what `holder` has reserved. To be trusted within a transaction, after {@link lock}. */
  async states(workspaceId: string, ids: readonly string[], holder?: string): Promise<readonly BudgetState[]> {
    return (await this.database.query<Row>(STATES, [workspaceId, ids, holder ?? null])).map(toBudget);
  }

  /** Reserves these amounts, in place of what the call had reserved before. */
  async reserve({ id, runId, fence }: Holder, amounts: Grant['amounts']): Promise<void> {
    const values = [id, runId, fence, amounts.map(({ budgetId }) => budgetId), amounts.map(({ amount }) => amount)];
    await this.database.query(RESERVE, values);
  }

  /** The call has come to nothing. */
  async release(id: string): Promise<void> {
    await this.database.query('DELETE FROM budget_reservation WHERE id = $1', [id]);
  }

  /** Whether this is the first warning of the budget in its present period. */
  async warn(id: string): Promise<boolean> {
    return (await this.database.one(WARN, [id])) !== undefined;
  }

  /** Forgets reservations of processes that are gone: they count no more. */
  async sweep(): Promise<void> {
    await this.database.query(SWEEP);
  }
}

interface Row {
  readonly id: string;
  readonly scope: BudgetScope;
  readonly subject_id: string;
  readonly unit: BudgetUnit;
  readonly amount: string;
  readonly period: BudgetPeriod;
  readonly used: string;
  readonly reserved: string;
  readonly resets_at: Date | null;
  readonly is_warned: boolean;
  readonly created_by: string;
  readonly created_at: Date;
  readonly updated_at: Date;
}

const toBudget = (row: Row): StoredBudget => ({
  id: row.id,
  scope: row.scope,
  subjectId: row.subject_id,
  unit: row.unit,
  limit: Number(row.amount),
  period: row.period,
  used: Number(row.used),
  reserved: Number(row.reserved),
  resetsAt: row.resets_at,
  isWarned: row.is_warned,
  createdBy: row.created_by,
  createdAt: row.created_at,
  updatedAt: row.updated_at,
});

const ALL = `
  SELECT id, scope, subject_id AS "subjectId", unit, amount::float8 AS limit, period FROM budget WHERE workspace_id = $1`;

/** The first day of a budget's present period. */
const SINCE = `
  CASE period WHEN 'day' THEN today WHEN 'week' THEN date_trunc('week', today)::date
    WHEN 'month' THEN date_trunc('month', today)::date ELSE '0001-01-01'::date END`;

const RESETS_AT = `
  CASE period WHEN 'day' THEN since + interval '1 day' WHEN 'week' THEN since + interval '1 week'
    WHEN 'month' THEN since + interval '1 month' END AT TIME ZONE 'utc'`;

const TODAY = `(SELECT (now() AT TIME ZONE 'utc')::date AS today) AS clock`;

/** A reservation counts as long as the claim of its run does: it ends with the run, and with the process that holds it. */
const IS_LIVE = `
  EXISTS (SELECT FROM run WHERE run.id = held.run_id AND run.fence = held.fence AND run.status = 'running'
    AND run.lease_until > clock_timestamp())`;

const standing = (except: string): string => `
  SELECT budget.id, scope, subject_id, unit, amount, period, created_by, created_at, updated_at,
    coalesce(spent.used, 0) AS used, coalesce(pending.reserved, 0) AS reserved,
    ${RESETS_AT} AS resets_at, warned_for IS NOT DISTINCT FROM since AS is_warned
  FROM budget CROSS JOIN ${TODAY}
  CROSS JOIN LATERAL (SELECT ${SINCE} AS since) AS span
  CROSS JOIN LATERAL (
    SELECT sum(CASE budget.unit WHEN 'tokens' THEN total_tokens WHEN 'cost' THEN cost ELSE runs END) AS used
    FROM usage_ledger
    WHERE workspace_id = $1 AND usage_ledger.day >= since
      AND CASE budget.scope WHEN 'user' THEN user_id::text = budget.subject_id
        WHEN 'workflow' THEN workflow = budget.subject_id WHEN 'model' THEN model = budget.subject_id ELSE true END
  ) AS spent
  CROSS JOIN LATERAL (
    SELECT sum(held.amount) AS reserved FROM budget_reservation AS held
    WHERE held.budget_id = budget.id AND ${except} AND ${IS_LIVE}
  ) AS pending
  WHERE budget.workspace_id = $1`;

const OF_USER = `($2::text IS NULL OR scope <> 'user' OR subject_id = $2)`;

const LIST = `${standing('true')} AND ${OF_USER} AND ($3::uuid IS NULL OR budget.id < $3) ORDER BY budget.id DESC LIMIT $4`;

const FIND = `${standing('true')} AND ${OF_USER} AND budget.id = $3`;

const STATES = `${standing('held.id IS DISTINCT FROM $3::uuid')} AND budget.id = ANY ($2::uuid[])`;

const ADD = `
  INSERT INTO budget (id, workspace_id, scope, subject_id, unit, amount, period, created_by)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`;

const CHANGE = `
  UPDATE budget SET amount = $3, period = $4, warned_for = NULL, updated_at = now()
  WHERE workspace_id = $1 AND id = $2 RETURNING id`;

/** Always in the same order, so that two of them never wait for each other. */
const LOCK = `
  SELECT id FROM budget WHERE workspace_id = $1 AND id = ANY ($2::uuid[]) ORDER BY id FOR NO KEY UPDATE`;

const RESERVE = `
  INSERT INTO budget_reservation (id, run_id, fence, budget_id, amount)
  SELECT $1, $2, $3, wanted.budget_id, wanted.amount
  FROM unnest($4::uuid[], $5::numeric[]) AS wanted (budget_id, amount)
  ON CONFLICT (id, budget_id) DO UPDATE SET amount = excluded.amount`;

const WARN = `
  UPDATE budget SET warned_for = since
  FROM (SELECT budget.id AS of, ${SINCE} AS since FROM budget CROSS JOIN ${TODAY} WHERE budget.id = $1) AS span
  WHERE budget.id = span.of AND warned_for IS DISTINCT FROM since
  RETURNING budget.id`;

/** Whoever still reserves it holds its row: that one is left for the next time. */
const SWEEP = `
  DELETE FROM budget_reservation WHERE (id, budget_id) IN (
    SELECT held.id, held.budget_id FROM budget_reservation AS held
    WHERE held.created_at < now() - interval '1 minute' AND NOT ${IS_LIVE}
    LIMIT 1000 FOR UPDATE SKIP LOCKED)`;
