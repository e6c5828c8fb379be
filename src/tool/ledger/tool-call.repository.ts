import { Injectable } from '@nestjs/common';
import { newId } from '../../platform/clock/id.js';
import { Database } from '../../platform/database/database.js';
import { storableJson } from '../../platform/database/storable.js';
import type { ProblemBody } from '../../platform/problem/problem.js';
import { contentHash } from '../../platform/schema/canonical-json.js';
import type { ToolEffect, ToolRisk } from '../tool.js';
import {
  ClaimLost,
  type CallEnd,
  type PlannedCall,
  type RunClaim,
  type ToolCallRecord,
  type ToolCallStatus,
} from './tool-call.js';

/** The table of tool calls. Every step of a call is one conditional statement; for a call of a run it holds only while the run's claim does. */
@Injectable()
export class ToolCallRepository {
  constructor(private readonly database: Database) {}

  /** The call of this id, when it was made before. */
  async find(workspaceId: string, callId: string, runId: string | undefined): Promise<ToolCallRecord | undefined> {
    const row = await this.database.one<Row>(FIND, [workspaceId, callId, runId ?? null]);
    return row && toRecord(row);
  }

  /** Writes that a call is to be made. Undefined when it was made before. @throws ClaimLost */
  async plan(call: PlannedCall): Promise<ToolCallRecord | undefined> {
    const { workspaceId, userId, claim, callId, tool, askedHash, effect, risk, idempotencyKey } = call;
    const asked = [callId, tool, askedHash, storableJson(call.arguments) ?? '{}', effect, risk, idempotencyKey];
    const row = await this.database.one<Row>(PLAN, [...held(claim), newId(), workspaceId, userId, ...asked]);
    if (row) return toRecord(row);
    if (claim && !(await this.find(workspaceId, callId, claim.runId))) throw new ClaimLost(claim);
    return undefined;
  }

  /** A person is asked. False when the call is not planned any more. @throws ClaimLost */
  async awaitApproval(id: string, claim: RunClaim | undefined): Promise<boolean> {
    return this.moved(AWAIT, id, claim, []);
  }

  /**
   * Commits that the tool is called now, with these arguments, for the `dispatches + 1`st time.
   * False when somebody else has done so. @throws ClaimLost
   */
  async dispatch({ id, dispatches }: ToolCallRecord, args: unknown, claim: RunClaim | undefined): Promise<boolean> {
    return this.moved(DISPATCH, id, claim, [dispatches, storableJson(args) ?? '{}', contentHash(args)]);
  }

  /** Writes what came of a call. False when that is written already. @throws ClaimLost */
  async end(
    id: string,
    { status, result, problem, durationMs }: CallEnd,
    claim: RunClaim | undefined,
  ): Promise<boolean> {
    const values = [status, storableJson(result), storableJson(problem), durationMs];
    return this.moved(END, id, claim, values);
  }

  /** The run has ended, in the ambient transaction: nobody comes back to what is still open of its calls. */
  async endOpenOf(runId: string, problem: ProblemBody): Promise<void> {
    await this.database.query(END_OPEN_OF, [runId, storableJson(problem)]);
  }

  private async moved(
    statement: string,
    id: string,
    claim: RunClaim | undefined,
    values: readonly unknown[],
  ): Promise<boolean> {
    const parameters = [...held(claim), id, ...values];
    const row = await this.database.one<{ moved: boolean; isHeld: boolean }>(statement, parameters);
    if (claim && row?.isHeld !== true) throw new ClaimLost(claim);
    return row?.moved === true;
  }
}

const held = (claim: RunClaim | undefined): readonly unknown[] => [claim?.runId ?? null, claim?.fence ?? null];

interface Row {
  readonly id: string;
  readonly call_id: string;
  readonly tool: string;
  readonly asked_hash: string;
  readonly arguments: unknown;
  readonly effect: ToolEffect;
  readonly risk: ToolRisk;
  readonly status: ToolCallStatus;
  readonly idempotency_key: string;
  readonly dispatches: number;
  readonly result: unknown;
  readonly problem: ProblemBody | null;
  readonly duration_ms: number | null;
}

const toRecord = (row: Row): ToolCallRecord => ({
  id: row.id,
  callId: row.call_id,
  tool: row.tool,
  askedHash: row.asked_hash,
  arguments: row.arguments,
  effect: row.effect,
  risk: row.risk,
  status: row.status,
  idempotencyKey: row.idempotency_key,
  dispatches: row.dispatches,
  result: row.result,
  problem: row.problem,
  durationMs: row.duration_ms,
});

const COLUMNS = `id, call_id, tool, asked_hash, arguments, effect, risk, status, idempotency_key, dispatches, result, problem,
  duration_ms`;

const FIND = `
  SELECT ${COLUMNS} FROM tool_call
  WHERE workspace_id = $1 AND call_id = $2 AND (run_id = $3 OR ($3::uuid IS NULL AND run_id IS NULL))`;

/** A key-share lock on the run keeps a claim from passing between the check and the write. */
const HELD = `
  WITH held AS MATERIALIZED (
    SELECT id FROM run WHERE id = $1::uuid AND fence = $2::bigint AND status = 'running' FOR KEY SHARE
  )`;
const IS_HELD = `($1::uuid IS NULL OR EXISTS (SELECT FROM held))`;

const PLAN = `${HELD}
  INSERT INTO tool_call (id, workspace_id, user_id, run_id, call_id, tool, asked_hash, arguments, arguments_hash, effect, risk,
    status, idempotency_key)
  SELECT $3::uuid, $4::uuid, $5::uuid, $1::uuid, $6, $7, $8, $9::json, $8, $10, $11, 'planned', $12
  WHERE ${IS_HELD}
  ON CONFLICT DO NOTHING RETURNING ${COLUMNS}`;

const moving = (change: string, condition: string, more = ''): string => `${HELD}, moved AS (
    UPDATE tool_call SET ${change} WHERE id = $3::uuid AND ${condition} AND ${IS_HELD}
    RETURNING workspace_id, tool, status, ended_at, duration_ms
  )${more}
  SELECT EXISTS (SELECT FROM moved) AS moved, ${IS_HELD} AS "isHeld"`;

const AWAIT = moving(`status = 'awaiting_approval'`, `status = 'planned'`);

const DISPATCH = moving(
  `status = 'dispatched', dispatches = dispatches + 1, dispatched_at = now(), arguments = $5::json, arguments_hash = $6`,
  `dispatches = $4::int AND (status IN ('planned', 'awaiting_approval', 'in_doubt') OR (status = 'dispatched' AND effect <> 'once'))`,
);

/** For the statistics: a call that was made has ended. */
const COUNTED = `, counted AS (
    INSERT INTO figure (workspace_id, kind, subject, status, at, duration_ms)
    SELECT workspace_id, 'tool', left(tool, 200), status, ended_at, duration_ms FROM moved WHERE status <> 'denied'
  )`;

const END = moving(
  `status = $4, result = $5::json, problem = $6::json, duration_ms = $7::int, ended_at = now()`,
  `CASE $4 WHEN 'denied' THEN status IN ('planned', 'awaiting_approval') ELSE status IN ('dispatched', 'in_doubt') END`,
  COUNTED,
);

const END_OPEN_OF = `
  WITH moved AS (
    UPDATE tool_call SET
      status = CASE WHEN status <> 'dispatched' THEN 'denied' WHEN effect = 'once' THEN 'in_doubt' ELSE 'error' END,
      problem = $2::json, duration_ms = 0, ended_at = now()
    WHERE run_id = $1 AND status IN ('planned', 'awaiting_approval', 'dispatched')
    RETURNING workspace_id, tool, status, ended_at, duration_ms
  )${COUNTED}
  SELECT FROM moved`;
