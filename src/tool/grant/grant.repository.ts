import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import type { Role } from '../../platform/http/principal.js';
import type { Grant, GrantLevel, Quota } from './grant.js';

/** A grant as it is kept. */
export interface StoredGrant extends Grant {
  readonly expiresAt: Date | null;
  readonly createdBy: string;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

export interface NewGrant extends Pick<
  StoredGrant,
  'id' | 'userId' | 'role' | 'tool' | 'pattern' | 'serverId' | 'level' | 'quota' | 'createdBy'
> {
  readonly workspaceId: string;
  readonly expiresAt: string | null;
}

/** What can be changed of a grant. */
export interface GrantTerms {
  readonly level: GrantLevel;
  readonly expiresAt: string | null;
  readonly quota: Quota;
}

@Injectable()
export class GrantRepository {
  constructor(private readonly database: Database) {}

  /** Every grant that can concern the user, whatever their role; at most as many as a workspace can have. */
  async concerning(workspaceId: string, userId: string): Promise<readonly Grant[]> {
    return (await this.database.query<Row>(CONCERNING, [workspaceId, userId])).map(toGrant);
  }

  /** Newest first; `before` is the id the page before ended with. */
  async list(workspaceId: string, before: string | null, limit: number): Promise<readonly StoredGrant[]> {
    return (await this.database.query<Row>(LIST, [workspaceId, before, limit])).map(toGrant);
  }

  async find(workspaceId: string, id: string): Promise<StoredGrant | undefined> {
    const row = await this.database.one<Row>(`${SELECT} WHERE workspace_id = $1 AND id = $2`, [workspaceId, id]);
    return row && toGrant(row);
  }

  async count(workspaceId: string): Promise<number> {
    const row = await this.database.one<{ count: number }>(
      'SELECT count(*)::int AS count FROM tool_grant WHERE workspace_id = $1',
      [workspaceId],
    );
    return row?.count ?? 0;
  }

  /** Violates `tool_grant_workspace_id_user_id_fkey` when the user is no member. */
  async add(grant: NewGrant): Promise<StoredGrant> {
    const { id, workspaceId, userId, role, tool, pattern, serverId, level, expiresAt, quota, createdBy } = grant;
    const values = [id, workspaceId, userId, role, tool, pattern, serverId, level, expiresAt];
    const row = await this.database.one<Row>(ADD, [...values, quota.perHour, quota.perDay, createdBy]);
    if (!row) throw new Error('INSERT returned no row.');
    return toGrant(row);
  }

  async change(
    workspaceId: string,
    id: string,
    { level, expiresAt, quota }: GrantTerms,
  ): Promise<StoredGrant | undefined> {
    const values = [workspaceId, id, level, expiresAt, quota.perHour, quota.perDay];
    const row = await this.database.one<Row>(CHANGE, values);
    return row && toGrant(row);
  }

  async remove(workspaceId: string, id: string): Promise<boolean> {
    const removed = 'DELETE FROM tool_grant WHERE workspace_id = $1 AND id = $2 RETURNING id';
    return (await this.database.one(removed, [workspaceId, id])) !== undefined;
  }
}

interface Row {
  readonly id: string;
  readonly user_id: string | null;
  readonly role: Role | null;
  readonly tool: string | null;
  readonly pattern: string | null;
  readonly server_id: string | null;
  readonly level: GrantLevel;
  readonly per_hour: number | null;
  readonly per_day: number | null;
  readonly expires_at: Date | null;
  readonly is_expired: boolean;
  readonly created_by: string;
  readonly created_at: Date;
  readonly updated_at: Date;
}

const toGrant = (row: Row): StoredGrant => ({
  id: row.id,
  userId: row.user_id,
  role: row.role,
  tool: row.tool,
  pattern: row.pattern,
  serverId: row.server_id,
  level: row.level,
  quota: { perHour: row.per_hour, perDay: row.per_day },
  expiresAt: row.expires_at,
  isExpired: row.is_expired,
  createdBy: row.created_by,
  createdAt: row.created_at,
  updatedAt: row.updated_at,
});

const COLUMNS = `id, user_id, role, tool, pattern, server_id, level, per_hour, per_day, expires_at,
  coalesce(expires_at <= now(), false) AS is_expired, created_by, created_at, updated_at`;

const SELECT = `SELECT ${COLUMNS} FROM tool_grant`;

const CONCERNING = `${SELECT} WHERE workspace_id = $1 AND (user_id = $2 OR role IS NOT NULL)`;

const LIST = `${SELECT} WHERE workspace_id = $1 AND ($2::uuid IS NULL OR id < $2) ORDER BY id DESC LIMIT $3`;

const ADD = `
  INSERT INTO tool_grant (id, workspace_id, user_id, role, tool, pattern, server_id, level, expires_at, per_hour, per_day, created_by)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) RETURNING ${COLUMNS}`;

const CHANGE = `
  UPDATE tool_grant SET level = $3, expires_at = $4, per_hour = $5, per_day = $6, updated_at = now()
  WHERE workspace_id = $1 AND id = $2 RETURNING ${COLUMNS}`;
