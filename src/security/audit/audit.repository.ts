import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import type { AuditEntry, ProvenEntry } from './audit-entry.js';
import type { Link } from './chain.js';

/** An entry that has its place. */
export interface SealedEntry extends ProvenEntry {
  readonly position: number;
  readonly hash: Buffer | null;
}

export interface ListedEntry extends AuditEntry {
  /** Null until it is sealed, within a second. */
  readonly position: number | null;
}

export interface Head extends Link {
  readonly mac: Buffer;
}

@Injectable()
export class AuditRepository {
  constructor(private readonly database: Database) {}

  async append({ mac, ...entry }: ProvenEntry): Promise<void> {
    const { id, workspaceId, actorId, action, subject, outcome, detail, traceId, at } = entry;
    await this.database.query(APPEND, [id, workspaceId, actorId, action, subject, outcome, detail, traceId, at, mac]);
  }

  /** A workspace's entries, newest first, before the one named by the cursor. */
  list(workspaceId: string, before: string | null, limit: number): Promise<ListedEntry[]> {
    return this.database.query<ListedEntry>(LIST, [workspaceId, before, limit]);
  }

  /** Chains with entries that have no place yet. */
  async unsealedChains(limit: number): Promise<string[]> {
    return (await this.database.query<{ chain: string }>(UNSEALED_CHAINS, [limit])).map(({ chain }) => chain);
  }

  /** Lets one process at a time prolong the chain, until the end of the transaction. */
  async lock(chain: string): Promise<void> {
    await this.database.query(LOCK, [chain]);
  }

  head(chain: string): Promise<Head | undefined> {
    return this.database.one<Head>(HEAD, [chain]);
  }

  /** Entries without a place, in the order they were made, after the one named. */
  unsealed(chain: string, after: string | null, limit: number): Promise<ProvenEntry[]> {
    return this.database.query<ProvenEntry>(UNSEALED, [chain, after, limit]);
  }

  /** Entries with a place, in their order, after the one named. */
  sealed(chain: string, after: { position: number; id: string } | undefined, limit: number): Promise<SealedEntry[]> {
    return this.database.query<SealedEntry>(SEALED, [chain, after?.position ?? null, after?.id ?? null, limit]);
  }

  /** Whether more entries have a place than the chain has places, or one beyond its end. */
  async hasSurplus(chain: string): Promise<boolean> {
    return (await this.database.one(SURPLUS, [chain])) !== undefined;
  }

  /** Gives the entries their places. */
  async seal(ids: readonly string[], links: readonly Link[]): Promise<void> {
    await this.database.query(SEAL, [ids, links.map(({ position }) => position), links.map(({ hash }) => hash)]);
  }

  async moveHead(chain: string, { position, hash, mac }: Head): Promise<void> {
    await this.database.query(MOVE_HEAD, [chain, position, hash, mac]);
  }
}

const ENTRY = `id, workspace_id AS "workspaceId", actor_id AS "actorId", action, subject, outcome, detail::text AS detail,
  trace_id AS "traceId", to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS at`;

const APPEND = `
  INSERT INTO audit (id, workspace_id, actor_id, action, subject, outcome, detail, trace_id, at, mac)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`;

const LIST = `
  SELECT ${ENTRY}, position::float8 AS position FROM audit
  WHERE chain = $1 AND ($2::uuid IS NULL OR id < $2)
  ORDER BY id DESC LIMIT $3`;

const UNSEALED_CHAINS = 'SELECT DISTINCT chain FROM audit WHERE position IS NULL LIMIT $1';

const LOCK = `SELECT pg_advisory_xact_lock(hashtextextended('audit ' || current_schema() || $1, 0))`;

const HEAD = 'SELECT position::float8 AS position, hash, mac FROM audit_head WHERE chain = $1';

const UNSEALED = `
  SELECT ${ENTRY}, mac FROM audit
  WHERE chain = $1 AND position IS NULL AND ($2::uuid IS NULL OR id > $2)
  ORDER BY id LIMIT $3`;

const SEALED = `
  SELECT ${ENTRY}, mac, position::float8 AS position, hash FROM audit
  WHERE chain = $1 AND position IS NOT NULL AND ($2::bigint IS NULL OR (position, id) > ($2, $3::uuid))
  ORDER BY position, id LIMIT $4`;

const SURPLUS = `
  SELECT 1 FROM (SELECT count(position) AS places, max(position) AS last FROM audit WHERE chain = $1) AS sealed
  WHERE greatest(places, last) > coalesce((SELECT position FROM audit_head WHERE chain = $1), 0)`;

const SEAL = `
  UPDATE audit SET position = place.position, hash = place.hash
  FROM unnest($1::uuid[], $2::bigint[], $3::bytea[]) AS place (id, position, hash)
  WHERE audit.id = place.id`;

const MOVE_HEAD = `
  INSERT INTO audit_head (chain, position, hash, mac) VALUES ($1, $2, $3, $4)
  ON CONFLICT (chain) DO UPDATE SET position = excluded.position, hash = excluded.hash, mac = excluded.mac`;
