import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import { isUniqueViolation } from '../../platform/database/fault.js';
import { conflict } from '../../platform/problem/http.errors.js';
import type { Envelope, SecretKey } from './secret-envelope.js';

/** What may be told of a secret. */
export interface SecretSummary {
  readonly id: string;
  readonly name: string;
  readonly hosts: readonly string[];
  readonly provider: string | null;
  readonly version: number;
  readonly lastUsedAt: Date | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

export interface SealedSecret extends SecretKey, Envelope {
  readonly name: string;
  readonly hosts: readonly string[];
  /** Whether "last used" is unknown or more than a minute old. */
  readonly isUseDue: boolean;
}

export type NewSecret = SecretKey & Envelope & Pick<SecretSummary, 'name' | 'hosts' | 'provider'>;

@Injectable()
export class SecretRepository {
  constructor(private readonly database: Database) {}

  /** @throws Problem conflict when the name is taken, or the provider has a key */
  async add({ workspaceId, id, name, hosts, provider, sealedKey, sealedValue }: NewSecret): Promise<void> {
    try {
      await this.database.query(INSERT, [workspaceId, id, name, hosts, provider, sealedKey, sealedValue]);
    } catch (error) {
      if (isUniqueViolation(error, 'secret_name')) throw nameTaken(name, error);
      if (isUniqueViolation(error, 'secret_provider')) throw providerTaken(provider, error);
      throw error;
    }
  }

  /** Newest first, before the one named by the cursor. */
  list(workspaceId: string, before: string | undefined, limit: number): Promise<SecretSummary[]> {
    return this.database.query<SecretSummary>(LIST, [workspaceId, before ?? null, limit]);
  }

  find({ workspaceId, id }: SecretKey): Promise<SecretSummary | undefined> {
    return this.database.one<SecretSummary>(FIND, [workspaceId, id]);
  }

  /** The secret as it is now; undefined when there is none. */
  rotate({ workspaceId, id }: SecretKey, { sealedKey, sealedValue }: Envelope): Promise<SecretSummary | undefined> {
    return this.database.one<SecretSummary>(ROTATE, [workspaceId, id, sealedKey, sealedValue]);
  }

  /** The name of the secret that this removed. */
  async remove({ workspaceId, id }: SecretKey): Promise<string | undefined> {
    return (await this.database.one<{ name: string }>(REMOVE, [workspaceId, id]))?.name;
  }

  sealed({ workspaceId, id }: SecretKey): Promise<SealedSecret | undefined> {
    return this.database.one<SealedSecret>(SEALED, [workspaceId, id]);
  }

  /** The keys of model providers, by provider. */
  async providerKeys(workspaceId: string): Promise<ReadonlyMap<string, SealedSecret>> {
    const rows = await this.database.query<SealedSecret & { readonly provider: string }>(PROVIDER_KEYS, [workspaceId]);
    return new Map(rows.map(({ provider, ...secret }) => [provider, secret]));
  }

  /** Notes a use, at most once a minute. */
  async noteUse({ workspaceId, id }: SecretKey): Promise<void> {
    await this.database.query(NOTE_USE, [workspaceId, id]);
  }
}

const nameTaken = (name: string, cause: unknown) =>
  conflict(`The workspace has a secret named "${name}". Choose another name, or rotate that one.`, { cause });

const providerTaken = (provider: string | null, cause: unknown) =>
  conflict(`The workspace has a key for the provider "${provider}". Rotate or remove that one.`, { cause });

const SUMMARY = `
  id, name, hosts, provider, version, last_used_at AS "lastUsedAt", created_at AS "createdAt", updated_at AS "updatedAt"`;

const INSERT = `
  INSERT INTO secret (workspace_id, id, name, hosts, provider, sealed_key, sealed_value)
  VALUES ($1, $2, $3, $4, $5, $6, $7)`;

const LIST = `
  SELECT ${SUMMARY} FROM secret
  WHERE workspace_id = $1 AND ($2::uuid IS NULL OR id < $2) ORDER BY id DESC LIMIT $3`;

const FIND = `SELECT ${SUMMARY} FROM secret WHERE workspace_id = $1 AND id = $2`;

const ROTATE = `
  UPDATE secret SET sealed_key = $3, sealed_value = $4, version = version + 1, updated_at = now()
  WHERE workspace_id = $1 AND id = $2
  RETURNING ${SUMMARY}`;

const REMOVE = `DELETE FROM secret WHERE workspace_id = $1 AND id = $2 RETURNING name`;

const USE_DUE = `coalesce(last_used_at < now() - interval '1 minute', true)`;

const OPENABLE = `
  workspace_id AS "workspaceId", id, name, hosts, sealed_key AS "sealedKey", sealed_value AS "sealedValue",
  ${USE_DUE} AS "isUseDue"`;

const SEALED = `SELECT ${OPENABLE} FROM secret WHERE workspace_id = $1 AND id = $2`;

const PROVIDER_KEYS = `SELECT ${OPENABLE}, provider FROM secret WHERE workspace_id = $1 AND provider IS NOT NULL`;

const NOTE_USE = `UPDATE secret SET last_used_at = now() WHERE workspace_id = $1 AND id = $2 AND ${USE_DUE}`;
