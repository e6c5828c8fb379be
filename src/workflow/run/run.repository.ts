import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import type { HoldingRun, Run, RunKind, RunLimits, RunStatus, WorkflowReference } from './run.js';
import type { Lease } from './run-claims.js';
import { alone, COLUMNS, RUN_COLUMNS, toRun, type RunRow } from './run-row.js';

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
  readonly hasWebhook: boolean;
  /** Of the request that asks for it, when requests are traced. */
  readonly traceparent?: string;
}

export interface RunFilter {
  readonly status?: RunStatus;
  readonly workflowId?: string;
  readonly conversationId?: string;
  readonly from?: string;
  readonly to?: string;
}

/** Runs as they are asked for: begun, read, and told what to do by whoever does not execute them. */
@Injectable()
export class RunRepository {
  constructor(private readonly database: Database) {}

  /**
   * Stores a run that the lease's owner executes from now on; undefined when the user's runs in other processes leave none of
   * `places`. Violates `run_holds_conversation` when another run holds the conversation. `execute` may do more in the
   * same statement.
   */
  async insertRunning(
    run: NewRun,
    lease: Lease,
    places: number,
    execute = alone(this.database),
  ): Promise<Run | undefined> {
    const values = [...valuesOf(run), lease.owner, lease.ms, places];
    const row = await execute({ tables: INSERT_RUNNING, values });
    return row && toRun(row as RunRow);
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

  /** The run that holds a conversation, if any. */
  holding(workspaceId: string, conversationId: string): Promise<HoldingRun | undefined> {
    return this.database.one<HoldingRun>(HOLDING, [workspaceId, conversationId]);
  }

  /** Locks the run's row for the ambient transaction; its log can be written meanwhile. */
  async lockRow(runId: string): Promise<void> {
    await this.database.query('SELECT id FROM run WHERE id = $1 FOR NO KEY UPDATE', [runId]);
  }

  /** Lets a run that waits go on, if it does. */
  async wake(runId: string): Promise<void> {
    await this.database.query(WAKE, [runId]);
  }

  /** Asks for a pause; one that is put aside is paused at once. Undefined when there is none that has not ended. */
  async requestPause(workspaceId: string, id: string): Promise<Run | undefined> {
    const row = await this.database.one<RunRow>(REQUEST_PAUSE, [id, workspaceId]);
    return row && toRun(row);
  }

  /** Takes a pause back. Undefined when the run is not paused and no pause was asked for. */
  async resume(workspaceId: string, id: string): Promise<Run | undefined> {
    const row = await this.database.one<RunRow>(RESUME, [id, workspaceId]);
    return row && toRun(row);
  }

  /** The child runs of a run, in the order they began. */
  async children(
    workspaceId: string,
    parentRunId: string,
    after: string | undefined,
    limit: number,
  ): Promise<readonly Run[]> {
    return (await this.database.query<RunRow>(LIST_CHILDREN, [workspaceId, parentRunId, after ?? null, limit])).map(
      toRun,
    );
  }

  /** Marks a run as to be cancelled. Undefined when there is none; an ended run is left as it is. */
  async requestCancel(workspaceId: string, id: string): Promise<Run | undefined> {
    const row = await this.database.one<RunRow>(REQUEST_CANCEL, [id, workspaceId]);
    return row ? toRun(row) : this.find(workspaceId, id);
  }

  /** Removes the runs of a conversation that is purged. */
  async purgeConversation(workspaceId: string, conversationId: string): Promise<void> {
    const purged = await this.database.query<{ id: string }>(PURGE_RUNS, [workspaceId, conversationId]);
    const ids = purged.map(({ id }) => id);
    await this.database.query(PURGE_EVENTS, [ids]);
    await this.database.query('DELETE FROM approval WHERE run_id = ANY ($1::uuid[])', [ids]);
  }
}

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
  run.hasWebhook,
  run.traceparent ?? null,
];

const NEW_COLUMNS = `id, workspace_id, user_id, kind, workflow, definition_hash, conversation_id, message_id, input, limits, metadata,
  has_webhook, traceparent`;

const INSERT_RUNNING = `held AS (
  INSERT INTO run (${NEW_COLUMNS}, status, lease_owner, lease_until, fence, attempt, started_at)
  SELECT $1::uuid, $2::uuid, $3::uuid, $4, $5::jsonb, $6, $7::uuid, $8::uuid, $9::jsonb, $10::jsonb, $11::jsonb, $12::boolean, $13::text, 'running', $14::text, clock_timestamp() + $15::int * interval '1 ms', least($15::int, 1), least($15::int, 1), now()
  WHERE (SELECT count(*) FROM run WHERE user_id = $3 AND status = 'running' AND parent_run_id IS NULL AND lease_owner <> $14) < $16::int
    AND ($4 <> 'chat' OR NOT EXISTS (SELECT FROM run WHERE conversation_id = $7 AND kind = 'chat'
      AND (status = 'queued' OR (status = 'paused' AND started_at IS NULL))))
  RETURNING ${COLUMNS}
  )`;

const INSERT_QUEUED = `
  INSERT INTO run (${NEW_COLUMNS}, status) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, 'queued')
  RETURNING ${COLUMNS}`;

const LIST = `
  SELECT ${COLUMNS} FROM run
  WHERE workspace_id = $1 AND parent_run_id IS NULL AND ($2::uuid IS NULL OR id < $2) AND ($3::text IS NULL OR status = $3)
    AND ($4::text IS NULL OR workflow->>'id' = $4) AND ($5::uuid IS NULL OR conversation_id = $5)
    AND ($6::timestamptz IS NULL OR created_at >= $6) AND ($7::timestamptz IS NULL OR created_at < $7)
  ORDER BY id DESC LIMIT $8`;

const AHEAD = `
  SELECT id, status FROM run
  WHERE workspace_id = $1 AND conversation_id = $2 AND kind = 'chat' AND status IN ('running', 'waiting', 'paused', 'queued')
  ORDER BY started_at IS NULL, id LIMIT 1`;

const HOLDING = `
  SELECT id, status FROM run WHERE workspace_id = $1 AND conversation_id = $2 AND kind = 'chat' AND status IN ('running', 'waiting', 'paused')
    AND started_at IS NOT NULL`;

const WAKE = `UPDATE run SET wake_at = now() WHERE id = $1 AND status = 'waiting'`;

const REQUEST_PAUSE = `
  UPDATE run SET pause_requested_at = coalesce(pause_requested_at, now()),
      status = CASE WHEN status IN ('waiting', 'queued') THEN 'paused' ELSE status END
  WHERE id = $1 AND workspace_id = $2 AND status IN ('queued', 'running', 'waiting', 'paused') AND parent_run_id IS NULL
  RETURNING ${COLUMNS}`;

const RESUME = `
  UPDATE run SET pause_requested_at = NULL,
      status = CASE WHEN status <> 'paused' THEN status WHEN started_at IS NULL THEN 'queued' ELSE 'waiting' END,
      wake_at = CASE WHEN status = 'paused' AND started_at IS NOT NULL THEN now() ELSE wake_at END
  WHERE id = $1 AND workspace_id = $2 AND parent_run_id IS NULL AND (status = 'paused' OR (status = 'running' AND pause_requested_at IS NOT NULL))
  RETURNING ${COLUMNS}`;

const LIST_CHILDREN = `
  SELECT ${COLUMNS} FROM run
  WHERE workspace_id = $1 AND parent_run_id = $2 AND ($3::uuid IS NULL OR id > $3) ORDER BY id LIMIT $4`;

const REQUEST_CANCEL = `
  UPDATE run SET cancel_requested_at = coalesce(cancel_requested_at, now()),
      wake_at = CASE WHEN status IN ('waiting', 'paused') THEN now() ELSE wake_at END,
      status = CASE WHEN status <> 'paused' THEN status WHEN started_at IS NULL THEN 'queued' ELSE 'waiting' END
  WHERE id = $1 AND workspace_id = $2 AND status IN ('queued', 'running', 'waiting', 'paused')
  RETURNING ${RUN_COLUMNS}`;

/** Two statements: the second sees what a write in flight, which the first had to wait for, has just added. */
const PURGE_RUNS = `
  DELETE FROM run WHERE workspace_id = $1
    AND (conversation_id = $2 OR root_run_id IN (SELECT id FROM run WHERE workspace_id = $1 AND conversation_id = $2))
  RETURNING id`;
const PURGE_EVENTS = 'DELETE FROM run_event WHERE run_id = ANY ($1::uuid[])';
