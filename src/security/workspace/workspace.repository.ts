import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import type { Role } from '../../platform/http/principal.js';
import { MembershipEntity } from './membership.entity.js';
import { WorkspaceEntity } from './workspace.entity.js';

/** A workspace as one of its members sees it. */
export interface MemberWorkspace {
  readonly id: string;
  readonly name: string;
  readonly isPersonal: boolean;
  readonly role: Role;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

export type NewWorkspace = Pick<WorkspaceEntity, 'id' | 'name' | 'isPersonal' | 'createdBy'>;

@Injectable()
export class WorkspaceRepository {
  constructor(private readonly database: Database) {}

  /** Adds a workspace owned by who made it. */
  async add(workspace: NewWorkspace): Promise<void> {
    await this.database.transaction(async () => {
      await this.workspaces.insert(workspace);
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

  async rename(id: string, name: string): Promise<void> {
    await this.workspaces.update({ id }, { name });
  }

  private get workspaces() {
    return this.database.repository(WorkspaceEntity);
  }
}

const MINE = `
  SELECT id, name, is_personal AS "isPersonal", role, workspace.created_at AS "createdAt", workspace.updated_at AS "updatedAt"
  FROM membership JOIN workspace ON workspace.id = membership.workspace_id
  WHERE membership.user_id = $1`;

const LIST = `${MINE} AND ($2::uuid IS NULL OR id > $2) ORDER BY id LIMIT $3`;

const FIND = `${MINE} AND id = $2`;
