import { Injectable } from '@nestjs/common';
import { newId } from '../../platform/clock/id.js';
import { Database } from '../../platform/database/database.js';
import { storableText } from '../../platform/database/storable.js';
import type { ToolContext } from '../tool.js';
import type { NewTicket, Ticket, TicketStatus } from './ticket.js';

export interface TicketFilter {
  readonly status?: TicketStatus;
  /** Only those older than the one with this id. */
  readonly before?: string;
  readonly limit: number;
}

@Injectable()
export class TicketRepository {
  constructor(private readonly database: Database) {}

  /** Undefined when the call has opened its ticket already. */
  insert(
    call: ToolContext,
    { title, description, priority, escalationReason }: NewTicket,
  ): Promise<Ticket | undefined> {
    const { workspaceId, userId, conversationId, runId, idempotencyKey } = call;
    const texts = [title, description, escalationReason].map((text) =>
      text === undefined ? null : storableText(text),
    );
    const origin = [newId(), workspaceId, userId, conversationId ?? null, runId ?? null, idempotencyKey];
    return this.database.one<Ticket>(INSERT, [...origin, priority, ...texts]);
  }

  ofCall({ workspaceId, idempotencyKey }: ToolContext): Promise<Ticket | undefined> {
    return this.database.one<Ticket>(OF_CALL, [workspaceId, idempotencyKey]);
  }

  find(workspaceId: string, id: string): Promise<Ticket | undefined> {
    return this.database.one<Ticket>(FIND, [workspaceId, id]);
  }

  /** The newest first. */
  list(workspaceId: string, { status, before, limit }: TicketFilter): Promise<readonly Ticket[]> {
    return this.database.query<Ticket>(LIST, [workspaceId, status ?? null, before ?? null, limit]);
  }

  /** Undefined when there is no such ticket, or it has been handed over for this reason already. */
  escalate(workspaceId: string, id: string, reason: string): Promise<Ticket | undefined> {
    return this.database.one<Ticket>(ESCALATE, [workspaceId, id, storableText(reason)]);
  }

  /** Undefined when there is no such ticket, or it has this status. */
  setStatus(workspaceId: string, id: string, status: TicketStatus): Promise<Ticket | undefined> {
    return this.database.one<Ticket>(SET_STATUS, [workspaceId, id, status]);
  }
}

const COLUMNS = `
  id, workspace_id AS "workspaceId", created_by AS "createdBy", conversation_id AS "conversationId", run_id AS "runId",
  title, description, priority, status, escalated_at AS "escalatedAt", escalation_reason AS "escalationReason",
  created_at AS "createdAt", updated_at AS "updatedAt"`;

const INSERT = `
  INSERT INTO ticket (id, workspace_id, created_by, conversation_id, run_id, call_key, priority, title, description,
    escalation_reason, escalated_at, created_at, updated_at)
  SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, CASE WHEN $10::text IS NOT NULL THEN moment END, moment, moment
  FROM clock_timestamp() AS moment
  ON CONFLICT (workspace_id, call_key) DO NOTHING
  RETURNING ${COLUMNS}`;

const OF_CALL = `SELECT ${COLUMNS} FROM ticket WHERE workspace_id = $1 AND call_key = $2`;

const FIND = `SELECT ${COLUMNS} FROM ticket WHERE workspace_id = $1 AND id = $2`;

const LIST = `
  SELECT ${COLUMNS} FROM ticket
  WHERE workspace_id = $1 AND ($2::text IS NULL OR status = $2) AND ($3::uuid IS NULL OR id < $3)
  ORDER BY id DESC LIMIT $4`;

const ESCALATE = `
  UPDATE ticket SET escalated_at = moment, escalation_reason = $3, updated_at = moment,
    priority = CASE WHEN priority = 'urgent' THEN priority ELSE 'high' END
  FROM clock_timestamp() AS moment
  WHERE workspace_id = $1 AND id = $2 AND escalation_reason IS DISTINCT FROM $3
  RETURNING ${COLUMNS}`;

const SET_STATUS = `
  UPDATE ticket SET status = $3, updated_at = clock_timestamp()
  WHERE workspace_id = $1 AND id = $2 AND status <> $3
  RETURNING ${COLUMNS}`;
