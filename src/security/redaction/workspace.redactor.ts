import { Injectable } from '@nestjs/common';
import { RecentReads } from '../../platform/cache/recent-reads.js';
import { Database } from '../../platform/database/database.js';
import { STATE_MAX_AGE_MS, STATES_REMEMBERED } from '../state-age.js';
import { ContentGuard } from './content-guard.js';
import type { RedactionMode } from './redaction-mode.js';

const GUARDS = { off: undefined, mask: new ContentGuard('mask'), block: new ContentGuard('block') } as const;

/** What the workspaces do with personal data and secrets. */
@Injectable()
export class Redactor {
  private readonly recent = new RecentReads<RedactionMode>({
    maxAgeMs: STATE_MAX_AGE_MS,
    capacity: STATES_REMEMBERED,
  });

  constructor(private readonly database: Database) {}

  /** At most 4 s old; a change in this process is seen at once. */
  modeOf(workspaceId: string): Promise<RedactionMode> {
    return this.recent.get(workspaceId, () => this.database.detached(() => this.read(workspaceId)));
  }

  /** Undefined where nothing is to be done. */
  async guardOf(workspaceId: string): Promise<ContentGuard | undefined> {
    return GUARDS[await this.modeOf(workspaceId)];
  }

  /** Content that comes from outside, as it may go on. @throws Problem content-blocked */
  async admit<Value>(workspaceId: string, value: Value, where: string): Promise<Value> {
    const guard = await this.guardOf(workspaceId);
    return guard ? guard.admit(value, where) : value;
  }

  /** To be called by whoever changes the mode; acts once the change is committed. */
  changed(workspaceId: string): void {
    this.database.afterCommit(() => this.recent.forget(workspaceId));
  }

  private async read(workspaceId: string): Promise<RedactionMode> {
    return (await this.database.one<{ redaction: RedactionMode }>(MODE, [workspaceId]))?.redaction ?? 'off';
  }
}

const MODE = 'SELECT redaction FROM workspace WHERE id = $1';
