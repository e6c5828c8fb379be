import { Injectable } from '@nestjs/common';
import { IsNull, LessThan } from 'typeorm';
import { Database } from '../../platform/database/database.js';
import { ApiKeyEntity } from './api-key.entity.js';

/** A key that is neither revoked nor expired, with what its user is. */
export interface LiveApiKey {
  readonly id: string;
  readonly userId: string;
  readonly scopes: readonly string[] | null;
  readonly expiresAt: Date | null;
  readonly isSystemAdmin: boolean;
  readonly personalWorkspaceId: string;
  /** Whether "last used" is unknown or more than a minute old. */
  readonly isUseDue: boolean;
}

export type NewApiKey = Pick<ApiKeyEntity, 'id' | 'userId' | 'name' | 'prefix' | 'keyHash' | 'scopes' | 'expiresAt'>;

@Injectable()
export class ApiKeyRepository {
  constructor(private readonly database: Database) {}

  async add(key: NewApiKey): Promise<void> {
    await this.keys.insert(key);
  }

  /** A user's keys that are not revoked, newest first, before the one named by the cursor. */
  list(userId: string, before: string | undefined, limit: number): Promise<ApiKeyEntity[]> {
    const older = before === undefined ? {} : { id: LessThan(before) };
    return this.keys.find({ where: { userId, revokedAt: IsNull(), ...older }, order: { id: 'DESC' }, take: limit });
  }

  find(userId: string, id: string): Promise<ApiKeyEntity | null> {
    return this.keys.findOneBy({ userId, id, revokedAt: IsNull() });
  }

  /** The hash of the key that this revoked, if it was the user's and not revoked. */
  async revoke(userId: string, id: string): Promise<Buffer | undefined> {
    return (await this.database.one<{ key_hash: Buffer }>(REVOKE, [userId, id]))?.key_hash;
  }

  liveByHash(keyHash: Buffer): Promise<LiveApiKey | undefined> {
    return this.database.one<LiveApiKey>(LIVE_BY_HASH, [keyHash]);
  }

  liveById(id: string): Promise<LiveApiKey | undefined> {
    return this.database.one<LiveApiKey>(LIVE_BY_ID, [id]);
  }

  /** Notes the use of a key, at most once a minute. */
  async noteUse(id: string): Promise<void> {
    await this.database.query(NOTE_USE, [id]);
  }

  private get keys() {
    return this.database.repository(ApiKeyEntity);
  }
}

const REVOKE = `
  UPDATE api_key SET revoked_at = now() WHERE user_id = $1 AND id = $2 AND revoked_at IS NULL
  RETURNING key_hash`;

const LIVE = `
  SELECT key.id, user_id AS "userId", scopes, expires_at AS "expiresAt", is_system_admin AS "isSystemAdmin",
    personal_workspace_id AS "personalWorkspaceId",
    coalesce(last_used_at < now() - interval '1 minute', true) AS "isUseDue"
  FROM api_key key JOIN app_user ON app_user.id = key.user_id
  WHERE revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now())`;

const LIVE_BY_HASH = `${LIVE} AND key_hash = $1`;

const LIVE_BY_ID = `${LIVE} AND key.id = $1`;

const NOTE_USE = `
  UPDATE api_key SET last_used_at = now()
  WHERE id = $1 AND coalesce(last_used_at < now() - interval '1 minute', true)`;
