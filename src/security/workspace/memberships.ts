import { Injectable } from '@nestjs/common';
import { RecentReads } from '../../platform/cache/recent-reads.js';
import { Database } from '../../platform/database/database.js';
import type { Role } from '../../platform/http/principal.js';
import { STATE_MAX_AGE_MS, STATES_REMEMBERED } from '../state-age.js';

/** Who may act in which workspace, and as what. */
@Injectable()
export class Memberships {
  private readonly recent = new RecentReads<Role | undefined>({
    maxAgeMs: STATE_MAX_AGE_MS,
    capacity: STATES_REMEMBERED,
  });

  constructor(private readonly database: Database) {}

  /** The user's role in the workspace, at most 4 s old; undefined for strangers and for no such workspace alike. */
  roleOf(userId: string, workspaceId: string): Promise<Role | undefined> {
    return this.recent.get(keyOf(userId, workspaceId), () =>
      this.database.detached(() => this.currentRole(userId, workspaceId)),
    );
  }

  /** The same, as the ambient transaction sees it now. */
  async currentRole(userId: string, workspaceId: string): Promise<Role | undefined> {
    return (await this.database.one<{ role: Role }>(ROLE, [userId, workspaceId]))?.role;
  }

  /** To be called by whoever changes a membership; acts once the change is committed. */
  changed(userId: string, workspaceId: string): void {
    this.database.afterCommit(() => this.recent.forget(keyOf(userId, workspaceId)));
  }
}

const keyOf = (userId: string, workspaceId: string): string => `${userId} ${workspaceId}`;

const ROLE = 'SELECT role FROM membership WHERE user_id = $1 AND workspace_id = $2';
