import { Injectable } from '@nestjs/common';
import type { TokenUsage } from '../../llm/chat-model.js';
import { Database } from '../../platform/database/database.js';
import { storableJson } from '../../platform/database/storable.js';
import type { ProblemBody } from '../../platform/problem/problem.js';
import type { Definition } from '../definition/definition.js';
import type { EndStatus, Run, RunKind, RunLimits, RunStatus, WorkflowReference } from './run.js';

export interface NewRun {
  readonly id: string;
  readonly workspaceId: string;
  readonly userId: string;
  readonly kind: RunKind;
  readonly workflow: WorkflowReference;
  readonly conversationId?: string;
  readonly messageId?: string;
  readonly input: Readonly<Record<string, unknown>>;
  readonly limits: RunLimits;
  readonly metadata: Readonly<Record<string, unknown>>;
}

/** Who executes runs, and for how long without a sign of life. */
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
}

export interface RunFilter {
  readonly status?: RunStatus;
  readonly workflowId?: string;
  readonly conversationId?: string;
  readonly from?: string;
  readonly to?: string;
}

@Injectable()
export class RunRepository {
  constructor(private readonly database: Database) {}

  /**
   * Stores a run that this process executes from now on; undefined when the user's runs in other processes leave none of
   * `places`. Violates `run_holds_conversation` when another run holds the conversation.
   */
  async insertRunning(run: NewRun, lease: Lease, places: number): Promise<Run | undefined> {
    const row = await this.database.one<RunRow>(INSERT_RUNNING, [...valuesOf(run), lease.owner, lease.ms, places]);
    return row && toRun(row);
  }

  /** Stores a run that waits for its turn. */
  async insertQueued(run: NewRun): Promise<Run> {
    const row = await this.database.one<RunRow>(INSERT_QUEUED, valuesOf(run));
    if (!row) throw new Error('INSERT returned no row.');
    return toRun(row);
  }

  async find(workspaceId: string, id: string): Promise<Run | undefined> {
    const row = await this.database.one<RunRow>(`SELECT ${COLUMNS} FROM run WHERE id = $1 AND workspace_id = $2`, [
      id,
      workspaceId,
    ]);
    return row && toRun(row);
  }

  /** Newest first; `before` is the id the page before ended with. */
  async list(
    workspaceId: string,
    filter: RunFilter,
    before: string | undefined,
    limit: number,
  ): Promise<readonly Run[]> {
    const { status, workflowId, conversationId, from, to } = filter;
    const values = [workspaceId, before, status, workflowId, conversationId, from, to, limit].map(
      (value) => value ?? null,
    );
    return (await this.database.query<RunRow>(LIST, values)).map(toRun);
  }

  /** The run that holds a conversation or, without one, the first that waits for it. */
  async ahead(workspaceId: string, conversationId: string): Promise<Pick<Run, 'id' | 'status'> | undefined> {
    return this.database.one<Pick<Run, 'id' | 'status'>>(AHEAD, [workspaceId, conversationId]);
  }

  /**
   * Takes up to `limit` runs that are due: queued ones whose conversation is free, and running ones whose process gave
   * no sign of life. Each gets the next fence, so what its former owner still writes is refused.
   */
  async claim(lease: Lease, limit: number): Promise<readonly Run[]> {
    return (await this.database.query<RunRow>(CLAIM, [lease.owner, lease.ms, limit])).map(toRun);
  }

  /** Which of these runs are to be cancelled. */
  async toCancel(ids: readonly string[]): Promise<readonly string[]> {
    return (await this.database.query<{ id: string }>(TO_CANCEL, [ids])).map(({ id }) => id);
  }

  /** Prolongs the leases of the runs this process executes. Answers the ids still held and those to be cancelled. */
  async renew(
    runs: readonly Pick<Run, 'id' | 'fence'>[],
    leaseMs: number,
  ): Promise<readonly { readonly id: string; readonly cancel: boolean }[]> {
    return this.database.query(RENEW, [runs.map(({ id }) => id), runs.map(({ fence }) => fence), leaseMs]);
  }

  /** Locks the run's row for the ambient transaction. False when this owner no longer holds it. */
  async lock(run: Pick<Run, 'id' | 'fence'>): Promise<boolean> {
    return (await this.database.one(LOCK, [run.id, run.fence])) !== undefined;
  }

  /** Gives a run back unfinished; the attempt does not count. */
  async release(run: Pick<Run, 'id' | 'fence'>, executedMs: number): Promise<void> {
    await this.database.query(RELEASE, [run.id, run.fence, executedMs]);
  }

  /** Ends a run. Undefined when this owner no longer holds it. */
  async end(run: Pick<Run, 'id' | 'fence'>, end: RunEnd): Promise<Run | undefined> {
    const { status, output, problem, usage, cost, executedMs } = end;
    const row = await this.database.one<RunRow>(END, [
      run.id,
      run.fence,
      status,
      storableJson(output),
      storableJson(problem),
      storableJson(usage),
      cost,
      executedMs,
    ]);
    return row && toRun(row);
  }

  /** Marks a run as to be cancelled. Undefined when there is none; an ended run is left as it is. */
  async requestCancel(workspaceId: string, id: string): Promise<Run | undefined> {
    const row = await this.database.one<RunRow>(REQUEST_CANCEL, [id, workspaceId]);
    return row ? toRun(row) : this.find(workspaceId, id);
  }

  /** Ends a run that has not begun. Undefined when it is no longer queued. */
  async cancelQueued(id: string, problem: ProblemBody): Promise<Run | undefined> {
    const row = await this.database.one<RunRow>(CANCEL_QUEUED, [id, JSON.stringify(problem)]);
    return row && toRun(row);
  }

  async saveDefinition(workspaceId: string, hash: string, definition: Definition): Promise<void> {
    await this.database.query(SAVE_DEFINITION, [workspaceId, hash, JSON.stringify(definition)]);
  }

  async definition(workspaceId: string, hash: string): Promise<Definition | undefined> {
    const row = await this.database.one<{ body: Definition }>(
      'SELECT body FROM definition WHERE workspace_id = $1 AND hash = $2',
      [workspaceId, hash],
    );
    return row?.body;
  }

  /** Removes the runs of a conversation that is purged. */
  async purgeConversation(workspaceId: string, conversationId: string): Promise<void> {
    const purged = await this.database.query<{ id: string }>(PURGE_RUNS, [workspaceId, conversationId]);
    await this.database.query(PURGE_EVENTS, [purged.map(({ id }) => id)]);
  }
}

interface RunRow {
  readonly id: string;
  readonly workspace_id: string;
  readonly user_id: string;
  readonly kind: RunKind;
  readonly status: RunStatus;
  readonly workflow: WorkflowReference;
  readonly conversation_id: string | null;
  readonly message_id: string | null;
  readonly parent_run_id: string | null;
  readonly input: Record<string, unknown>;
  readonly limits: RunLimits;
  readonly metadata: Record<string, unknown>;
  readonly output: unknown;
  readonly problem: ProblemBody | null;
  readonly decision: unknown;
  readonly usage: TokenUsage | null;
  readonly cost: number | null;
  readonly cached: boolean;
  readonly attempt: number;
  readonly fence: string;
  readonly executed_ms: number;
  readonly cancel_requested_at: Date | null;
  readonly created_at: Date;
  readonly started_at: Date | null;
  readonly ended_at: Date | null;
  readonly duration_ms: number | null;
}

const toRun = (row: RunRow): Run => ({
  id: row.id,
  workspaceId: row.workspace_id,
  userId: row.user_id,
  kind: row.kind,
  status: row.status,
  workflow: row.workflow,
  conversationId: row.conversation_id,
  messageId: row.message_id,
  parentRunId: row.parent_run_id,
  input: row.input,
  limits: row.limits,
  metadata: row.metadata,
  output: row.output,
  problem: row.problem,
  decision: row.decision,
  usage: row.usage,
  cost: row.cost,
  cached: row.cached,
  attempt: row.attempt,
  fence: Number(row.fence),
  executedMs: row.executed_ms,
  cancelRequestedAt: row.cancel_requested_at,
  createdAt: row.created_at,
  startedAt: row.started_at,
  endedAt: row.ended_at,
  durationMs: row.duration_ms,
});

const valuesOf = (run: NewRun): readonly unknown[] => [
  run.id,
  run.workspaceId,
  run.userId,
  run.kind,
  JSON.stringify(run.workflow),
  run.workflow.hash,
  run.conversationId ?? null,
  run.messageId ?? null,
  JSON.stringify(run.input),
  JSON.stringify(run.limits),
  JSON.stringify(run.metadata),
];

const NAMES = [
  'id',
  'workspace_id',
  'user_id',
  'kind',
  'status',
  'workflow',
  'conversation_id',
  'message_id',
  'parent_run_id',
  'input',
  'limits',
  'metadata',
  'output',
  'problem',
  'decision',
  'usage',
  'cost',
  'cached',
  'attempt',
  'fence',
  'executed_ms',
  'cancel_requested_at',
  'created_at',
  'started_at',
  'ended_at',
  'duration_ms',
];
const COLUMNS = NAMES.join(', ');
const RUN_COLUMNS = NAMES.map((name) => `run.${name}`).join(', ');

const NEW_COLUMNS = `id, workspace_id, user_id, kind, workflow, definition_hash, conversation_id, message_id, input, limits, metadata`;

const INSERT_RUNNING = `
  INSERT INTO run (${NEW_COLUMNS}, status, lease_owner, lease_until, fence, attempt, started_at)
  SELECT $1::uuid, $2::uuid, $3::uuid, $4, $5::jsonb, $6, $7::uuid, $8::uuid, $9::jsonb, $10::jsonb, $11::jsonb, 'running', $12::text, clock_timestamp() + $13::int * interval '1 ms', 1, 1, now()
  WHERE (SELECT count(*) FROM run WHERE user_id = $3 AND status = 'running' AND parent_run_id IS NULL AND lease_owner IS DISTINCT FROM $12) < $14::int
    AND ($7::uuid IS NULL OR NOT EXISTS (SELECT FROM run WHERE conversation_id = $7 AND kind = 'chat' AND status = 'queued'))
  RETURNING ${COLUMNS}`;

const INSERT_QUEUED = `
  INSERT INTO run (${NEW_COLUMNS}, status) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 'queued')
  RETURNING ${COLUMNS}`;

const LIST = `
  SELECT ${COLUMNS} FROM run
  WHERE workspace_id = $1 AND ($2::uuid IS NULL OR id < $2) AND ($3::text IS NULL OR status = $3)
    AND ($4::text IS NULL OR workflow->>'id' = $4) AND ($5::uuid IS NULL OR conversation_id = $5)
    AND ($6::timestamptz IS NULL OR created_at >= $6) AND ($7::timestamptz IS NULL OR created_at < $7)
  ORDER BY id DESC LIMIT $8`;

const AHEAD = `
  SELECT id, status FROM run
  WHERE workspace_id = $1 AND conversation_id = $2 AND kind = 'chat' AND status IN ('running', 'waiting', 'paused', 'queued')
  ORDER BY status = 'queued', id LIMIT 1`;

const CONVERSATION_FREE = `
  NOT EXISTS (SELECT FROM run other WHERE other.conversation_id = candidate.conversation_id AND other.kind = 'chat'
              AND (other.status IN ('running', 'waiting', 'paused') OR (other.status = 'queued' AND other.id < candidate.id)))`;

/** The rows are chosen in a CTE, which runs once: as a subquery the planner may run it, and so its LIMIT, once a row. */
const CLAIM = `
  WITH due AS MATERIALIZED (
    SELECT id FROM run candidate
    WHERE (status = 'running' AND lease_until < now()) OR (status = 'queued' AND (conversation_id IS NULL OR ${CONVERSATION_FREE}))
    ORDER BY id LIMIT $3 FOR UPDATE SKIP LOCKED)
  UPDATE run
  SET status = 'running', fence = fence + 1, attempt = attempt + 1, started_at = coalesce(started_at, now()),
      lease_owner = $1, lease_until = now() + $2::int * interval '1 ms'
  FROM due WHERE run.id = due.id
  RETURNING ${RUN_COLUMNS}`;

const RENEW = `
  UPDATE run SET lease_until = now() + $3::int * interval '1 ms'
  FROM unnest($1::uuid[], $2::bigint[]) AS held (id, fence)
  WHERE run.id = held.id AND run.fence = held.fence AND run.status = 'running'
  RETURNING run.id, run.cancel_requested_at IS NOT NULL AS cancel`;

const TO_CANCEL = 'SELECT id FROM run WHERE id = ANY ($1::uuid[]) AND cancel_requested_at IS NOT NULL';

const LOCK = `SELECT id FROM run WHERE id = $1 AND fence = $2 AND status = 'running' FOR UPDATE`;

const RELEASE = `
  UPDATE run SET lease_until = now() - interval '1 ms', lease_owner = NULL, attempt = attempt - 1, executed_ms = $3
  WHERE id = $1 AND fence = $2 AND status = 'running'`;

const END = `
  UPDATE run SET status = $3, output = $4, problem = $5, usage = $6, cost = $7, executed_ms = $8, ended_at = now(),
      duration_ms = (extract(epoch FROM now() - created_at) * 1000)::int, lease_owner = NULL, lease_until = NULL
  WHERE id = $1 AND fence = $2 AND status = 'running'
  RETURNING ${COLUMNS}`;

const REQUEST_CANCEL = `
  UPDATE run SET cancel_requested_at = coalesce(cancel_requested_at, now())
  WHERE id = $1 AND workspace_id = $2 AND status IN ('queued', 'running', 'waiting', 'paused')
  RETURNING ${RUN_COLUMNS}`;

const CANCEL_QUEUED = `
  UPDATE run SET status = 'cancelled', problem = $2, ended_at = now(),
      duration_ms = (extract(epoch FROM now() - created_at) * 1000)::int
  WHERE id = $1 AND status = 'queued'
  RETURNING ${COLUMNS}`;

const SAVE_DEFINITION = `INSERT INTO definition (workspace_id, hash, body) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`;

/** Two statements: the second sees what a write in flight, which the first had to wait for, has just added. */
const PURGE_RUNS = 'DELETE FROM run WHERE workspace_id = $1 AND conversation_id = $2 RETURNING id';
const PURGE_EVENTS = 'DELETE FROM run_event WHERE run_id = ANY ($1::uuid[])';
