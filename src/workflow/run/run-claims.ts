import { Injectable } from '@nestjs/common';
import type { TokenUsage } from '../../llm/chat-model.js';
import { Database } from '../../platform/database/database.js';
import { storableJson } from '../../platform/database/storable.js';
import type { ProblemBody } from '../../platform/problem/problem.js';
import type { EndStatus, Run } from './run.js';
import { alone, COLUMNS, RUN_COLUMNS, toRun, type RunRow } from './run-row.js';

/** Who executes runs, and for how long without a sign of life; with 0 ms a run is stored for whoever claims it first. */
export interface Lease {
  readonly owner: string;
  readonly ms: number;
}

export interface RunEnd {
  readonly status: EndStatus;
  readonly output: unknown;
  readonly problem: ProblemBody | null;
  readonly usage: TokenUsage | null;
  readonly cost: number | null;
  readonly executedMs: number;
  readonly decision?: unknown;
  /** From its acceptance to what a model said first, milliseconds. */
  readonly firstTokenMs?: number;
  /** What models said in more than one piece, and how long that took. */
  readonly streamed?: { readonly tokens: number; readonly ms: number };
  /** How often an answer was looked for in the cache. */
  readonly cache?: { readonly hits: number; readonly misses: number };
  /** Of an output for which no model was asked: how old what it is made of is. */
  readonly cacheAgeMs?: number;
  /** Milliseconds from its acceptance; else by the clock of the database. */
  readonly durationMs?: number;
}

export interface Pausing {
  readonly status: 'waiting' | 'paused';
  /** When it goes on by itself. */
  readonly wakeAt: Date | undefined;
  /** The approvals it waits for. */
  readonly approvals: readonly string[];
  readonly executedMs: number;
}

/** What a process does with the runs that it executes. It holds a run as long as nobody has taken the next fence. */
@Injectable()
export class RunClaims {
  constructor(private readonly database: Database) {}

  /**
   * Takes up to `limit` runs that are due: queued ones whose conversation is free and whose user has fewer than
   * `maxPerUser` runs executing, waiting ones whose time has come, and running ones whose process gave no sign of life.
   * Each gets the next fence, so what its former owner still writes is refused.
   */
  async claim(lease: Lease, limit: number, maxPerUser: number): Promise<readonly Run[]> {
    return (await this.database.query<RunRow>(CLAIM, [lease.owner, lease.ms, limit, maxPerUser])).map(toRun);
  }

  /** Whether a run waits for its turn. */
  async hasQueued(): Promise<boolean> {
    return (await this.database.one(`SELECT 1 FROM run WHERE status = 'queued' LIMIT 1`, [])) !== undefined;
  }

  /** What was asked of these runs, child runs among them: to be cancelled, or else to be paused. */
  async requests(ids: readonly string[]): Promise<readonly { readonly id: string; readonly cancel: boolean }[]> {
    return this.database.query(REQUESTS, [ids]);
  }

  /** Prolongs the leases of the runs this process executes. Answers the ids still held. */
  async renew(
    runs: readonly (Pick<Run, 'id' | 'fence'> & { readonly executedMs: number })[],
    leaseMs: number,
  ): Promise<readonly { readonly id: string }[]> {
    return this.database.query(RENEW, [
      runs.map(({ id }) => id),
      runs.map(({ fence }) => fence),
      leaseMs,
      runs.map(({ executedMs }) => executedMs),
    ]);
  }

  /** Locks the run's row for the ambient transaction. False when this owner no longer holds it. */
  async lock(run: Pick<Run, 'id' | 'fence'>): Promise<boolean> {
    return (await this.database.one(LOCK, [run.id, run.fence])) !== undefined;
  }

  /** Gives a run back unfinished; the attempt does not count. */
  async release(run: Pick<Run, 'id' | 'fence'>, executedMs: number): Promise<void> {
    await this.database.query(RELEASE, [run.id, run.fence, executedMs]);
  }

  /** Ends a run. Undefined when this owner no longer holds it. `execute` may do more in the same statement. */
  async end(run: Pick<Run, 'id' | 'fence'>, end: RunEnd, execute = alone(this.database)): Promise<Run | undefined> {
    const {
      status,
      output,
      problem,
      usage,
      cost,
      executedMs,
      decision,
      firstTokenMs,
      streamed,
      cache,
      cacheAgeMs,
      durationMs,
    } = end;
    const values = [
      run.id,
      run.fence,
      status,
      storableJson(output),
      storableJson(problem),
      storableJson(usage),
      cost,
      executedMs,
      storableJson(decision),
      firstTokenMs ?? null,
      streamed?.tokens ?? 0,
      streamed?.ms ?? 0,
      cacheAgeMs ?? null,
      durationMs ?? null,
      cache?.hits ?? 0,
      cache?.misses ?? 0,
    ];
    const row = await execute({ tables: END, values });
    return row && toRun(row as RunRow);
  }

  /** Puts a run aside unfinished; to go on is no new attempt. It goes on at once when what it waits for is there already. */
  async putAside(
    run: Pick<Run, 'id' | 'fence'>,
    { status, wakeAt, approvals, executedMs }: Pausing,
  ): Promise<{ readonly wakeAt: Date | null } | undefined> {
    return this.database.one(PUT_ASIDE, [run.id, run.fence, status, wakeAt ?? null, approvals, executedMs]);
  }

  /** Ends a run that has not begun. Undefined when it is no longer queued. */
  async cancelQueued(id: string, problem: ProblemBody): Promise<Run | undefined> {
    const row = await this.database.one<RunRow>(CANCEL_QUEUED, [id, JSON.stringify(problem)]);
    return row && toRun(row);
  }

  /** Ends the children of a run that has ended. */
  async endChildren(rootRunId: string, status: EndStatus, problem: ProblemBody | null): Promise<void> {
    await this.database.query(END_CHILDREN, [rootRunId, status, storableJson(problem)]);
  }

  /** The child runs of a root that somebody asked to be cancelled. */
  async childrenToCancel(rootRunId: string): Promise<readonly string[]> {
    const rows = await this.database.query<{ id: string }>(CHILDREN_TO_CANCEL, [rootRunId]);
    return rows.map(({ id }) => id);
  }
}

/** Milliseconds as the column holds them: of what began more than 24.8 days ago, the most there can be. */
const msSince = (column: string): string => `least(extract(epoch FROM now() - ${column}) * 1000, 2147483647)::int`;

const CONVERSATION_FREE = `
  NOT EXISTS (SELECT FROM run other WHERE other.conversation_id = candidate.conversation_id AND other.kind = 'chat'
              AND ((other.status IN ('running', 'waiting', 'paused') AND other.started_at IS NOT NULL)
                OR (other.status IN ('queued', 'paused') AND other.started_at IS NULL AND other.id < candidate.id)))`;

/** The rows are chosen in a CTE, which runs once: as a subquery the planner may run it, and so its LIMIT, once a row. */
const CLAIM = `
  WITH queued AS MATERIALIZED (
    SELECT id, user_id, row_number() OVER (PARTITION BY user_id ORDER BY id) AS place FROM run candidate
    WHERE status = 'queued' AND (conversation_id IS NULL OR kind <> 'chat' OR ${CONVERSATION_FREE})
  ), startable AS MATERIALIZED (
    SELECT id FROM queued
    WHERE place <= $4::int - (SELECT count(*) FROM run executing
      WHERE executing.user_id = queued.user_id AND executing.status = 'running' AND executing.parent_run_id IS NULL)
  ), due AS MATERIALIZED (
    SELECT id FROM run candidate
    WHERE parent_run_id IS NULL AND (
      (status = 'running' AND lease_until < now()) OR (status = 'waiting' AND wake_at <= now())
      OR (status = 'queued' AND id IN (SELECT id FROM startable)))
    ORDER BY id LIMIT $3 FOR UPDATE SKIP LOCKED)
  UPDATE run
  SET status = 'running', fence = fence + 1,
      attempt = attempt + CASE WHEN status = 'waiting' THEN 0 ELSE 1 END, started_at = coalesce(started_at, now()),
      wake_at = NULL, lease_owner = $1, lease_until = now() + $2::int * interval '1 ms'
  FROM due WHERE run.id = due.id
  RETURNING ${RUN_COLUMNS}`;

/**
 * A run that was given back meanwhile has no owner: to prolong it would keep it from everybody for a whole lease. A row
 * that somebody else has locked is held on for now and prolonged by the next renewal; the others do not wait for it.
 */
const RENEW = `
  WITH held AS MATERIALIZED (
    SELECT owner.* FROM run
    JOIN unnest($1::uuid[], $2::bigint[], $4::int[]) AS owner (id, fence, executed_ms)
      ON run.id = owner.id AND run.fence = owner.fence
    WHERE run.status = 'running' AND run.lease_owner IS NOT NULL
  ), free AS MATERIALIZED (
    SELECT run.id, held.executed_ms FROM run JOIN held ON run.id = held.id AND run.fence = held.fence
    WHERE run.status = 'running' AND run.lease_owner IS NOT NULL
    FOR NO KEY UPDATE OF run SKIP LOCKED
  ), prolonged AS (
    UPDATE run SET lease_until = now() + $3::int * interval '1 ms', executed_ms = free.executed_ms
    FROM free WHERE run.id = free.id
  )
  SELECT id FROM held`;

const REQUESTS = `
  SELECT id, cancel_requested_at IS NOT NULL AS cancel FROM run
  WHERE id = ANY ($1::uuid[]) AND status = 'running' AND (cancel_requested_at IS NOT NULL OR pause_requested_at IS NOT NULL)`;

/** Of a run that was given back already, whatever became of the answer, nobody holds the fence any more. */
const HELD = `id = $1 AND fence = $2 AND status = 'running' AND lease_owner IS NOT NULL`;

const LOCK = `SELECT id FROM run WHERE ${HELD} FOR UPDATE`;

const RELEASE = `
  UPDATE run SET lease_until = now() - interval '1 ms', lease_owner = NULL, attempt = attempt - 1, executed_ms = $3
  WHERE ${HELD}`;

const TO_BE_CANCELLED = `child.status = 'running' AND child.cancel_requested_at IS NOT NULL`;

const CHILDREN_TO_CANCEL = `SELECT id FROM run child WHERE root_run_id = $1 AND ${TO_BE_CANCELLED}`;

const PUT_ASIDE = `
  UPDATE run SET status = CASE WHEN pause_requested_at IS NOT NULL AND cancel_requested_at IS NULL THEN 'paused' ELSE 'waiting' END,
      wake_at = CASE
        WHEN cancel_requested_at IS NOT NULL OR ($3 = 'paused' AND pause_requested_at IS NULL)
          OR EXISTS (SELECT FROM approval WHERE id = ANY ($5::uuid[]) AND approval.status <> 'pending')
          OR EXISTS (SELECT FROM run child WHERE child.root_run_id = run.id AND ${TO_BE_CANCELLED}) THEN now()
        ELSE $4::timestamptz END,
      waited_at = CASE WHEN pause_requested_at IS NOT NULL AND cancel_requested_at IS NULL THEN waited_at ELSE now() END,
      lease_owner = NULL, lease_until = NULL, executed_ms = $6
  WHERE id = $1 AND fence = $2 AND status = 'running'
  RETURNING wake_at AS "wakeAt"`;

const END_CHILDREN = `
  UPDATE run SET status = $2, problem = coalesce(problem, $3), ended_at = now(),
      duration_ms = ${msSince('started_at')}
  WHERE root_run_id = $1 AND status IN ('queued', 'running', 'waiting', 'paused')`;

/** For the statistics: what the end of a root run adds to them is part of the statement that ends it. */
const counted = (
  firstTokenMs: string,
  streamedTokens: string,
  streamedMs: string,
  cacheHits: string,
  cacheMisses: string,
): string => `, counted AS (
    INSERT INTO figure (workspace_id, kind, subject, status, problem, at, duration_ms, first_token_ms, input_tokens, output_tokens,
      streamed_tokens, streamed_ms, cache_hits, cache_misses)
    SELECT workspace_id, 'run', left(coalesce(workflow->>'name', '(inline)'), 200), status,
      left(coalesce(substring(problem->>'type' FROM '[^/]*$'), ''), 100), ended_at, duration_ms, ${firstTokenMs}::int,
      coalesce((usage->>'inputTokens')::bigint, 0), coalesce((usage->>'outputTokens')::bigint, 0),
      ${streamedTokens}::bigint, ${streamedMs}::double precision, ${cacheHits}::int, ${cacheMisses}::int
    FROM ended WHERE parent_run_id IS NULL
  ), held AS (SELECT ${COLUMNS} FROM ended)`;

const END = `ended AS (
    UPDATE run SET status = $3, output = $4, problem = $5, usage = $6, cost = $7, executed_ms = $8, decision = $9,
        cached = $13::int IS NOT NULL, cache_age_ms = $13, ended_at = now(),
        duration_ms = coalesce($14::int, ${msSince('created_at')}),
        lease_owner = NULL, lease_until = NULL
    WHERE id = $1 AND fence = $2 AND status = 'running'
    RETURNING ${COLUMNS}
  )${counted('$10', '$11', '$12', '$15', '$16')}`;

const CANCEL_QUEUED = `
  WITH ended AS (
    UPDATE run SET status = 'cancelled', problem = $2, ended_at = now(),
        duration_ms = ${msSince('created_at')}
    WHERE id = $1 AND status = 'queued'
    RETURNING ${COLUMNS}
  )${counted('NULL', '0', '0', '0', '0')}
  SELECT held.* FROM held`;
