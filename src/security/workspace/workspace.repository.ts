import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import type { Role } from '../../platform/http/principal.js';
import type { RedactionMode } from '../redaction/redaction-mode.js';
import { AuditLog } from '../audit/audit.log.js';
import { MembershipEntity } from './membership.entity.js';
import { WorkspaceEntity } from './workspace.entity.js';

/** A workspace as one of its members sees it. */
export interface MemberWorkspace {
  readonly id: string;
  readonly name: string;
  readonly isPersonal: boolean;
  readonly role: Role;
  readonly redaction: RedactionMode;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

export type WorkspaceChanges = Partial<Pick<WorkspaceEntity, 'name' | 'redaction'>>;

export type NewWorkspace = Pick<WorkspaceEntity, 'id' | 'name' | 'isPersonal' | 'createdBy'>;

@Injectable()
export class WorkspaceRepository {
  constructor(
    private readonly database: Database,
    private readonly audit: AuditLog,
  ) {}

  /** Adds a workspace owned by who made it: the first entry of its audit chain. */
  async add(workspace: NewWorkspace): Promise<void> {
    await this.database.transaction(async () => {
      await this.workspaces.insert(workspace);
      await this.audit.record({
        workspaceId: workspace.id,
        actorId: workspace.createdBy,
        action: 'workspace.created',
        subject: `workspace:${workspace.id}`,
        outcome: 'ok',
      });
      const owner = { workspaceId: workspace.id, userId: workspace.createdBy, role: 'owner' } as const;
      await this.database.repository(MembershipEntity).insert(owner);
    });
  }

  /** The user's workspaces, oldest first, after the one named by the cursor. */
  listOf(userId: string, after: string | null, limit: number): Promise<MemberWorkspace[]> {
    return this.database.query<MemberWorkspace>(LIST, [userId, after, limit]);
  }

  find(userId: string, id: string): Promise<MemberWorkspace | undefined> {
    return this.database.one<MemberWorkspace>(FIND, [userId, id]);
  }

  async update(id: string, changes: WorkspaceChanges): Promise<void> {
    await this.workspaces.update({ id }, changes);
  }

  private get workspaces() {
    return this.database.repository(WorkspaceEntity);
  }
}

const MINE = `
  SELECT id, name, is_personal AS "isPersonal", role, redaction, workspace.created_at AS "createdAt", workspace.updated_at AS "updatedAt"
  FROM membership JOIN workspace ON workspace.id = membership.workspace_id
  WHERE membership.user_id = $1`;

const LIST = `${MINE} AND ($2::uuid IS NULL OR id > $2) ORDER BY id LIMIT $3`;

const FIND = `${MINE} AND id = $2`;
