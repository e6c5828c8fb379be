import { Injectable } from '@nestjs/common';
import { newId } from '../../platform/clock/id.js';
import { Database } from '../../platform/database/database.js';
import { isForeignKeyViolation } from '../../platform/database/fault.js';

/**
 * The bytes of documents, in the database, so that every process can read what another took in. A content is written part
 * by part, and kept once it is adopted under its hash; a workspace keeps equal bytes once.
 */
@Injectable()
export class ContentStore {
  constructor(private readonly database: Database) {}

  /** A new content, empty. What is not adopted within an hour is dropped. */
  async begin(workspaceId: string): Promise<string> {
    const id = newId();
    await this.database.query(BEGIN, [id, workspaceId]);
    return id;
  }

  /** Parts are counted from 0. */
  async append(contentId: string, part: number, bytes: Uint8Array): Promise<void> {
    await this.database.query(APPEND, [contentId, part, bytes]);
  }

  /** Keeps a content, or answers the one with the same bytes; part of the transaction that stores its document. */
  async adopt(workspaceId: string, contentId: string, sha256: Buffer): Promise<string> {
    await this.database.query(LOCK_HASH, [`${workspaceId}:${sha256.toString('hex')}`]);
    const same = await this.database.one<{ id: string }>(SAME, [workspaceId, sha256]);
    if (same) return same.id;
    const kept = await this.database.one<{ id: string }>(KEEP, [workspaceId, contentId, sha256]);
    if (!kept) throw new Error(`Content ${contentId} is gone.`);
    return kept.id;
  }

  /** Drops a content unless it was adopted. */
  async discard(contentId: string): Promise<void> {
    await this.database.query(DISCARD, [contentId]);
  }

  async read(workspaceId: string, contentId: string): Promise<Buffer> {
    return Buffer.concat(
      (await this.database.query<{ bytes: Buffer }>(READ, [workspaceId, contentId])).map(({ bytes }) => bytes),
    );
  }

  /** Drops what no document has any more. Outside of a transaction. */
  async dropUnused(workspaceId: string): Promise<void> {
    try {
      await this.database.query(DROP_UNUSED, [workspaceId]);
    } catch (error) {
      // A document took one of them meanwhile: the next deletion drops the others.
      if (!isForeignKeyViolation(error)) throw error;
    }
  }

  /** Drops what uploads that broke off have left. */
  async dropAbandoned(): Promise<void> {
    await this.database.query(DROP_ABANDONED);
  }
}

const BEGIN = 'INSERT INTO document_content (id, workspace_id) VALUES ($1, $2)';

const APPEND = 'INSERT INTO document_part (content_id, part, bytes) VALUES ($1, $2, $3)';

const LOCK_HASH = 'SELECT pg_advisory_xact_lock(hashtextextended($1, 0))';

const SAME = 'SELECT id FROM document_content WHERE workspace_id = $1 AND sha256 = $2 FOR KEY SHARE';

const KEEP = `
  UPDATE document_content SET sha256 = $3 WHERE workspace_id = $1 AND id = $2 AND sha256 IS NULL RETURNING id`;

const DISCARD = 'DELETE FROM document_content WHERE id = $1 AND sha256 IS NULL';

const READ = `
  SELECT p.bytes FROM document_content c JOIN document_part p ON p.content_id = c.id
  WHERE c.workspace_id = $1 AND c.id = $2 ORDER BY p.part`;

const DROP_UNUSED = `
  DELETE FROM document_content c
  WHERE c.workspace_id = $1 AND c.sha256 IS NOT NULL AND NOT EXISTS (SELECT FROM document d WHERE d.content_id = c.id)`;

const DROP_ABANDONED = `
  DELETE FROM document_content WHERE sha256 IS NULL AND created_at < clock_timestamp() - interval '1 hour'`;
