import { Injectable } from '@nestjs/common';
import { newId } from '../../platform/clock/id.js';
import { Database } from '../../platform/database/database.js';

/** A session that lives: neither revoked nor over, nor opened before the user's last change of password. */
export interface LiveSession {
  readonly userId: string;
  readonly sessionVersion: number;
  readonly isSystemAdmin: boolean;
  readonly personalWorkspaceId: string;
}

interface Opened {
  readonly sessionId: string;
  readonly userId: string;
  readonly sessionVersion: number;
}

/** Days. */
interface Lifetimes {
  readonly refreshTokenDays: number;
  readonly sessionDays: number;
}

/** A session is a family of refresh tokens, of which only the last is good. */
@Injectable()
export class SessionRepository {
  constructor(private readonly database: Database) {}

  /** Opens a session with its first refresh token. */
  async open(
    { userId, sessionVersion }: Omit<Opened, 'sessionId'>,
    tokenHash: Buffer,
    lifetimes: Lifetimes,
  ): Promise<Opened> {
    const sessionId = newId();
    const { refreshTokenDays, sessionDays } = lifetimes;
    await this.database.query(OPEN, [
      sessionId,
      userId,
      sessionVersion,
      sessionDays,
      newId(),
      tokenHash,
      refreshTokenDays,
    ]);
    return { sessionId, userId, sessionVersion };
  }

  /** Exchanges a good refresh token for the next; of simultaneous exchanges exactly one succeeds. Undefined for any other token. */
  rotate(tokenHash: Buffer, nextHash: Buffer, refreshTokenDays: number): Promise<Opened | undefined> {
    return this.database.one<Opened>(ROTATE, [tokenHash, newId(), nextHash, refreshTokenDays]);
  }

  /** Revokes the session of a refresh token that was already exchanged; answers its id when that is what the token was. */
  async revokeReused(tokenHash: Buffer): Promise<string | undefined> {
    return (await this.database.one<{ id: string }>(REVOKE_REUSED, [tokenHash]))?.id;
  }

  async revoke(sessionId: string): Promise<void> {
    await this.database.query(REVOKE, [sessionId]);
  }

  /** Ids of the sessions that this ended. */
  async revokeAll(userId: string): Promise<readonly string[]> {
    return (await this.database.query<{ id: string }>(REVOKE_ALL, [userId])).map(({ id }) => id);
  }

  live(sessionId: string): Promise<LiveSession | undefined> {
    return this.database.one<LiveSession>(LIVE, [sessionId]);
  }

  /** Forgets what is over by its own time. */
  async sweep(): Promise<void> {
    await this.database.query(SWEEP_TOKENS);
    await this.database.query(SWEEP_SESSIONS);
  }
}

const OPEN = `
  WITH opened AS (
    INSERT INTO session (id, user_id, session_version, expires_at)
    VALUES ($1, $2, $3, now() + make_interval(days => $4))
    RETURNING id, expires_at)
  INSERT INTO refresh_token (id, session_id, token_hash, expires_at)
  SELECT $5, id, $6, least(expires_at, now() + make_interval(days => $7)) FROM opened`;

const ROTATE = `
  WITH used AS (
    UPDATE refresh_token token SET used_at = now()
    FROM session JOIN app_user ON app_user.id = session.user_id
    WHERE token.token_hash = $1 AND token.used_at IS NULL AND token.expires_at > now()
      AND session.id = token.session_id AND session.revoked_at IS NULL AND session.expires_at > now()
      AND session.session_version = app_user.session_version
    RETURNING session.id, session.user_id, session.session_version, session.expires_at),
  next AS (
    INSERT INTO refresh_token (id, session_id, token_hash, expires_at)
    SELECT $2, id, $3, least(expires_at, now() + make_interval(days => $4)) FROM used)
  SELECT id AS "sessionId", user_id AS "userId", session_version AS "sessionVersion" FROM used`;

const REVOKE_REUSED = `
  UPDATE session SET revoked_at = coalesce(revoked_at, now()), revoked_reason = coalesce(revoked_reason, 'refresh token reused')
  WHERE id = (SELECT session_id FROM refresh_token WHERE token_hash = $1 AND used_at IS NOT NULL)
  RETURNING id`;

const REVOKE = `UPDATE session SET revoked_at = now(), revoked_reason = 'logout' WHERE id = $1 AND revoked_at IS NULL`;

const REVOKE_ALL = `
  UPDATE session SET revoked_at = now(), revoked_reason = 'all sessions ended'
  WHERE user_id = $1 AND revoked_at IS NULL
  RETURNING id`;

const LIVE = `
  SELECT user_id AS "userId", session.session_version AS "sessionVersion",
    is_system_admin AS "isSystemAdmin", personal_workspace_id AS "personalWorkspaceId"
  FROM session JOIN app_user ON app_user.id = session.user_id
  WHERE session.id = $1 AND revoked_at IS NULL AND expires_at > now()
    AND session.session_version = app_user.session_version`;

const SWEEP_TOKENS = 'DELETE FROM refresh_token WHERE expires_at < now()';

const SWEEP_SESSIONS = 'DELETE FROM session WHERE expires_at < now()';
