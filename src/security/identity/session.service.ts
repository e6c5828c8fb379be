import { Injectable } from '@nestjs/common';
import { RecentReads } from '../../platform/cache/recent-reads.js';
import { Database } from '../../platform/database/database.js';
import { STATE_MAX_AGE_MS, STATES_REMEMBERED } from '../state-age.js';
import { AccessTokens, type AccessClaims } from './access-tokens.js';
import { newRefreshToken, secretHash } from './secret-text.js';
import { IdentityConfig } from './identity.config.js';
import { credentialInvalid } from './identity.errors.js';
import { SessionRepository, type LiveSession } from './session.repository.js';

/** What a client keeps of its session. */
export interface TokenPair {
  readonly accessToken: string;
  readonly refreshToken: string;
  readonly tokenType: 'Bearer';
  /** Seconds the access token lives. */
  readonly expiresIn: number;
}

/** Opens sessions, carries them on and ends them. */
@Injectable()
export class SessionService {
  private readonly recent = new RecentReads<LiveSession | undefined>({
    maxAgeMs: STATE_MAX_AGE_MS,
    capacity: STATES_REMEMBERED,
  });

  constructor(
    private readonly repository: SessionRepository,
    private readonly tokens: AccessTokens,
    private readonly config: IdentityConfig,
    private readonly database: Database,
  ) {}

  /** A session for a user who has just proven to be that user, under the session version that proof was made with. */
  async open(user: { readonly id: string; readonly sessionVersion: number }): Promise<TokenPair> {
    const refreshToken = newRefreshToken();
    const opened = { userId: user.id, sessionVersion: user.sessionVersion };
    return this.pair(await this.repository.open(opened, secretHash(refreshToken), this.config), refreshToken);
  }

  /**
   * The next pair for a refresh token. One that was exchanged before is in two hands: the whole session ends, for the
   * thief and for the robbed, who logs in again.
   * @throws Problem unauthenticated
   */
  async refresh(refreshToken: string): Promise<TokenPair> {
    const hash = secretHash(refreshToken);
    const next = newRefreshToken();
    const session = await this.repository.rotate(hash, secretHash(next), this.config.refreshTokenDays);
    if (session) return this.pair(session, next);
    const revoked = await this.repository.revokeReused(hash);
    if (revoked !== undefined) this.recent.forget(revoked);
    throw credentialInvalid('The refresh token is invalid, expired or already used. Log in again.');
  }

  async end(sessionId: string): Promise<void> {
    await this.repository.revoke(sessionId);
    this.database.afterCommit(() => this.recent.forget(sessionId));
  }

  async endAll(userId: string): Promise<void> {
    const ended = await this.repository.revokeAll(userId);
    this.database.afterCommit(() => ended.forEach((id) => this.recent.forget(id)));
  }

  /** The session, if it lives (at most 4 s old) and is this user's of this version. */
  async live({ userId, sessionId, sessionVersion }: Omit<AccessClaims, 'expiresAt'>): Promise<LiveSession | undefined> {
    const session = await this.recent.get(sessionId, () =>
      this.database.detached(() => this.repository.live(sessionId)),
    );
    return session?.userId === userId && session.sessionVersion === sessionVersion ? session : undefined;
  }

  private pair(session: Omit<AccessClaims, 'expiresAt'>, refreshToken: string): TokenPair {
    return {
      accessToken: this.tokens.issue(session),
      refreshToken,
      tokenType: 'Bearer',
      expiresIn: this.tokens.lifetime,
    };
  }
}
