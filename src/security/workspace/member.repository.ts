import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import { isUniqueViolation } from '../../platform/database/fault.js';
import type { Role } from '../../platform/http/principal.js';
import { MembershipEntity } from './membership.entity.js';
import { alreadyMember } from './workspace.errors.js';

export interface Member {
  readonly userId: string;
  readonly email: string;
  readonly name: string | null;
  readonly role: Role;
  /** Whether the workspace is this member's personal one. */
  readonly isTheirPersonal: boolean;
  readonly createdAt: Date;
}

@Injectable()
export class MemberRepository {
  constructor(private readonly database: Database) {}

  /** The members in the order they registered, after the one named by the cursor. */
  list(workspaceId: string, after: string | null, limit: number): Promise<Member[]> {
    return this.database.query<Member>(LIST, [workspaceId, after, limit]);
  }

  find(workspaceId: string, userId: string): Promise<Member | undefined> {
    return this.database.one<Member>(FIND, [workspaceId, userId]);
  }

  /** Who is registered with an address, given as its key. */
  async userIdOf(emailKey: string): Promise<string | undefined> {
    return (await this.database.one<{ id: string }>(USER_BY_EMAIL, [emailKey]))?.id;
  }

  /** Lets one change of members happen at a time, until the end of the transaction; answers the number of owners. */
  async lockOwners(workspaceId: string): Promise<number> {
    await this.database.query(LOCK, [workspaceId]);
    return (await this.database.one<{ owners: number }>(OWNERS, [workspaceId]))?.owners ?? 0;
  }

  /** @throws Problem already-member */
  async add(workspaceId: string, userId: string, role: Role): Promise<void> {
    try {
      await this.members.insert({ workspaceId, userId, role });
    } catch (error) {
      throw isUniqueViolation(error)
        ? alreadyMember('The user is a member already; PATCH the member to change the role.', { cause: error })
        : error;
    }
  }

  async changeRole(workspaceId: string, userId: string, role: Role): Promise<void> {
    await this.members.update({ workspaceId, userId }, { role });
  }

  async remove(workspaceId: string, userId: string): Promise<void> {
    await this.members.delete({ workspaceId, userId });
  }

  private get members() {
    return this.database.repository(MembershipEntity);
  }
}

const MEMBERS = `
  SELECT app_user.id AS "userId", email, name, role, personal_workspace_id = workspace_id AS "isTheirPersonal",
    membership.created_at AS "createdAt"
  FROM membership JOIN app_user ON app_user.id = membership.user_id
  WHERE workspace_id = $1`;

const LIST = `${MEMBERS} AND ($2::uuid IS NULL OR app_user.id > $2) ORDER BY app_user.id LIMIT $3`;

const FIND = `${MEMBERS} AND app_user.id = $2`;

const USER_BY_EMAIL = 'SELECT id FROM app_user WHERE email_key = $1';

const LOCK = 'SELECT 1 FROM workspace WHERE id = $1 FOR UPDATE';

const OWNERS = `SELECT count(*)::int AS owners FROM membership WHERE workspace_id = $1 AND role = 'owner'`;
