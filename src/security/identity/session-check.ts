import { Injectable } from '@nestjs/common';
import type { Principal } from '../../platform/http/principal.js';
import { Memberships } from '../workspace/memberships.js';
import { ApiKeys } from './api-keys.js';
import { SessionService } from './session.service.js';

/** For what outlives its request, such as an open stream. */
@Injectable()
export class SessionCheck {
  constructor(
    private readonly sessions: SessionService,
    private readonly keys: ApiKeys,
    private readonly memberships: Memberships,
  ) {}

  /**
   * Whether what the caller came with still holds, at most 4 s old: the session lives (the access token that opened it
   * may have expired since) or the API key does, and the caller is a member of the workspace.
   */
  async stillValid(principal: Principal): Promise<boolean> {
    const [proven, role] = await Promise.all([
      this.isProven(principal),
      this.memberships.roleOf(principal.userId, principal.workspaceId),
    ]);
    return proven && role !== undefined;
  }

  private async isProven({ userId, sessionId, sessionVersion, apiKeyId }: Principal): Promise<boolean> {
    if (apiKeyId !== undefined) return this.keys.isLive(apiKeyId);
    if (sessionId === undefined || sessionVersion === undefined) return false;
    return (await this.sessions.live({ userId, sessionId, sessionVersion })) !== undefined;
  }
}
