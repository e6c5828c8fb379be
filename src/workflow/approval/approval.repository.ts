import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import { storableJson } from '../../platform/database/storable.js';

export const APPROVAL_STATUSES = ['pending', 'approved', 'denied', 'expired', 'cancelled'] as const;
export type ApprovalStatus = (typeof APPROVAL_STATUSES)[number];

export interface Approval {
  readonly id: string;
  readonly workspaceId: string;
  readonly runId: string;
  readonly path: readonly string[];
  readonly kind: 'tool' | 'node';
  readonly title: string;
  readonly detail: string | null;
  readonly tool: string | null;
  readonly arguments: Readonly<Record<string, unknown>> | null;
  readonly risk: string | null;
  readonly status: ApprovalStatus;
  readonly expiresAt: Date;
  readonly decidedBy: string | null;
  readonly decidedAt: Date | null;
  readonly editedArguments: Readonly<Record<string, unknown>> | null;
  readonly reason: string | null;
  readonly createdAt: Date;
}

/** What became of an approval that is no longer pending. */
export interface Outcome {
  readonly status: Exclude<ApprovalStatus, 'pending'>;
  readonly by?: string;
  readonly reason?: string;
  /** Of the call that was asked for. */
  readonly argumentsHash?: string;
  /** As a person edited them. */
  readonly arguments?: Readonly<Record<string, unknown>>;
}

export interface Verdict {
  readonly approved: boolean;
  readonly by: string;
  readonly reason?: string;
  readonly arguments?: Readonly<Record<string, unknown>>;
}

@Injectable()
export class ApprovalRepository {
  constructor(private readonly database: Database) {}

  /** What became of it; undefined while it is pending and has not expired. */
  async outcome(id: string): Promise<Outcome | undefined> {
    const row = await this.database.one<Row>(`SELECT ${COLUMNS} FROM approval WHERE id = $1 AND status <> 'pending'`, [
      id,
    ]);
    return row && toOutcome(row);
  }

  /** Expires it unless somebody has decided; answers what became of it. */
  async expire(id: string): Promise<Outcome> {
    await this.database.query(EXPIRE, [id]);
    return (await this.outcome(id)) ?? { status: 'expired' };
  }

  /** Decides it, once. Undefined when it is not pending any more, or has expired. */
  async decide(workspaceId: string, id: string, verdict: Verdict): Promise<Approval | undefined> {
    const { approved, by, reason, arguments: edited } = verdict;
    const row = await this.database.one<Row>(DECIDE, [
      id,
      workspaceId,
      approved ? 'approved' : 'denied',
      by,
      reason ?? null,
      storableJson(edited),
    ]);
    return row && toApproval(row);
  }

  async find(workspaceId: string, id: string): Promise<Approval | undefined> {
    const row = await this.database.one<Row>(`SELECT ${COLUMNS} FROM approval WHERE id = $1 AND workspace_id = $2`, [
      id,
      workspaceId,
    ]);
    return row && toApproval(row);
  }

  /** Newest first; `before` is the id the page before ended with. */
  async list(
    workspaceId: string,
    { status, runId }: { readonly status?: ApprovalStatus; readonly runId?: string },
    before: string | undefined,
    limit: number,
  ): Promise<readonly Approval[]> {
    const values = [workspaceId, status ?? null, runId ?? null, before ?? null, limit];
    return (await this.database.query<Row>(LIST, values)).map(toApproval);
  }

  /** The pending ones of a run, oldest first. */
  async pendingOf(runId: string): Promise<readonly Approval[]> {
    return (await this.database.query<Row>(PENDING_OF, [runId])).map(toApproval);
  }

  /** Nobody needs to decide any more: the run has ended. */
  async cancelOf(runId: string): Promise<void> {
    await this.database.query(CANCEL_OF, [runId]);
  }

  /** Of these runs, those with a decision on one of these approvals. */
  async decided(ids: readonly string[]): Promise<readonly string[]> {
    const rows = await this.database.query<{ run_id: string }>(DECIDED, [ids]);
    return rows.map(({ run_id }) => run_id);
  }
}

interface Row {
  readonly id: string;
  readonly workspace_id: string;
  readonly run_id: string;
  readonly path: readonly string[];
  readonly kind: 'tool' | 'node';
  readonly title: string;
  readonly detail: string | null;
  readonly tool: string | null;
  readonly arguments: Record<string, unknown> | null;
  readonly risk: string | null;
  readonly status: ApprovalStatus;
  readonly expires_at: Date;
  readonly decided_by: string | null;
  readonly decided_at: Date | null;
  readonly arguments_hash: string | null;
  readonly edited_arguments: Record<string, unknown> | null;
  readonly reason: string | null;
  readonly created_at: Date;
}

const toApproval = (row: Row): Approval => ({
  id: row.id,
  workspaceId: row.workspace_id,
  runId: row.run_id,
  path: row.path,
  kind: row.kind,
  title: row.title,
  detail: row.detail,
  tool: row.tool,
  arguments: row.arguments,
  risk: row.risk,
  status: row.status,
  expiresAt: row.expires_at,
  decidedBy: row.decided_by,
  decidedAt: row.decided_at,
  editedArguments: row.edited_arguments,
  reason: row.reason,
  createdAt: row.created_at,
});

const toOutcome = (row: Row): Outcome => ({
  status: row.status === 'pending' ? 'expired' : row.status,
  by: row.decided_by ?? undefined,
  reason: row.reason ?? undefined,
  argumentsHash: row.arguments_hash ?? undefined,
  arguments: row.edited_arguments ?? undefined,
});

const COLUMNS = `id, workspace_id, run_id, path, kind, title, detail, tool, arguments, arguments_hash, risk, status, expires_at, decided_by,
  decided_at, edited_arguments, reason, created_at`;

const EXPIRE = `UPDATE approval SET status = 'expired', decided_at = now() WHERE id = $1 AND status = 'pending'`;

const DECIDE = `
  UPDATE approval SET status = $3, decided_by = $4, decided_at = now(), reason = $5, edited_arguments = $6
  WHERE id = $1 AND workspace_id = $2 AND status = 'pending' AND expires_at > now()
  RETURNING ${COLUMNS}`;

const LIST = `
  SELECT ${COLUMNS} FROM approval
  WHERE workspace_id = $1 AND ($2::text IS NULL OR status = $2) AND ($3::uuid IS NULL OR run_id = $3)
    AND ($4::uuid IS NULL OR id < $4)
  ORDER BY id DESC LIMIT $5`;

const PENDING_OF = `SELECT ${COLUMNS} FROM approval WHERE run_id = $1 AND status = 'pending' ORDER BY id`;

const CANCEL_OF = `UPDATE approval SET status = 'cancelled', decided_at = now() WHERE run_id = $1 AND status = 'pending'`;

const DECIDED = `SELECT DISTINCT run_id FROM approval WHERE id = ANY ($1::uuid[]) AND status <> 'pending'`;
