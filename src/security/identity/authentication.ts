import { Injectable } from '@nestjs/common';
import { AccessTokens } from './access-tokens.js';
import { ApiKeys } from './api-keys.js';
import type { Credential } from './credential.js';
import type { Identity } from './identity.js';
import { credentialInvalid, credentialMissing } from './identity.errors.js';
import { SessionService } from './session.service.js';

/** Finds out who sends a credential. */
@Injectable()
export class Authentication {
  constructor(
    private readonly tokens: AccessTokens,
    private readonly sessions: SessionService,
    private readonly keys: ApiKeys,
  ) {}

  /** @throws Problem unauthenticated */
  identify(credential: Credential): Promise<Identity> {
    switch (credential.kind) {
      case 'none':
        throw credentialMissing();
      case 'unusable':
        throw credentialInvalid(credential.detail);
      case 'apiKey':
        return this.byApiKey(credential.key);
      case 'accessToken':
        return this.byAccessToken(credential.token);
    }
  }

  private async byAccessToken(token: string): Promise<Identity> {
    const verdict = this.tokens.verify(token);
    if (verdict.state === 'expired')
      throw credentialInvalid('The access token has expired. Refresh it at POST /api/v1/auth/refresh.');
    if (verdict.state === 'invalid') throw credentialInvalid('The access token is not valid.', verdict.cause);
    const { claims } = verdict;
    const session = await this.sessions.live(claims);
    if (!session) throw credentialInvalid('The session of the access token has ended. Log in again.');
    const { userId, isSystemAdmin, personalWorkspaceId, sessionVersion } = session;
    return { userId, isSystemAdmin, personalWorkspaceId, sessionId: claims.sessionId, sessionVersion };
  }

  private async byApiKey(text: string): Promise<Identity> {
    const key = await this.keys.recognise(text);
    if (!key) throw credentialInvalid('The API key is unknown, expired or revoked.');
    const { userId, isSystemAdmin, personalWorkspaceId, id, scopes } = key;
    return { userId, isSystemAdmin, personalWorkspaceId, apiKeyId: id, scopes: scopes ?? undefined };
  }
}
