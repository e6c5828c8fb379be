import { Injectable } from '@nestjs/common';
import { CacheCleared } from '../../platform/cache/cache.events.js';
import { On } from '../../platform/event/event-bus.js';
import { AuditLog } from './audit.log.js';

/** Audits what the ground floor, which knows no audit, has forgotten. */
@Injectable()
export class CacheClearings {
  constructor(private readonly audit: AuditLog) {}

  @On(CacheCleared)
  onCleared({ workspaceId, userId: actorId, tag }: CacheCleared): Promise<void> {
    const act = { workspaceId, actorId, action: 'cache.cleared', subject: `workspace:${workspaceId}` } as const;
    return this.audit.record({ ...act, outcome: 'ok', ...(tag !== undefined && { detail: { tag } }) });
  }
}
