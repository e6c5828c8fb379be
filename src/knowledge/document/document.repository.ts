import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import { storableJson, storableText } from '../../platform/database/storable.js';
import { DOCUMENT_COLUMNS, type DocumentRow } from './document.js';

export interface NewDocument {
  readonly id: string;
  readonly workspaceId: string;
  readonly collectionId: string;
  readonly contentId: string;
  readonly createdBy: string;
  readonly title: string;
  readonly mediaType: string;
  readonly bytes: number;
  readonly metadata: object;
}

export interface DocumentFilter {
  readonly status?: string;
  /** Its name. */
  readonly collection?: string;
  /** Those made before this one. */
  readonly before?: string;
}

export interface ChunkRow {
  readonly id: string;
  readonly position: number;
  readonly heading: string;
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** Documents as they are listed and read. */
@Injectable()
export class DocumentRepository {
  constructor(private readonly database: Database) {}

  async insert(document: NewDocument): Promise<void> {
    const { id, workspaceId, collectionId, contentId, createdBy, title, mediaType, bytes, metadata } = document;
    const values = [id, workspaceId, collectionId, contentId, createdBy, storableText(title), mediaType, bytes];
    await this.database.query(INSERT, [...values, storableJson(metadata)]);
  }

  async find(workspaceId: string, id: string): Promise<DocumentRow | undefined> {
    return this.database.one<DocumentRow>(FIND, [workspaceId, id]);
  }

  /** Newest first. */
  async list(
    workspaceId: string,
    { status, collection, before }: DocumentFilter,
    limit: number,
  ): Promise<readonly DocumentRow[]> {
    const values = [workspaceId, status ?? null, collection ?? null, before ?? null, limit];
    return this.database.query<DocumentRow>(LIST, values);
  }

  async chunks(workspaceId: string, id: string, after: number, limit: number): Promise<readonly ChunkRow[]> {
    return this.database.query<ChunkRow>(CHUNKS, [workspaceId, id, after, limit]);
  }

  /** False when there is none. */
  async remove(workspaceId: string, id: string): Promise<boolean> {
    return (await this.database.one(REMOVE, [workspaceId, id])) !== undefined;
  }

  /** Has it processed again. False when there is none, or it is being processed. */
  async restart(workspaceId: string, id: string): Promise<boolean> {
    return (await this.database.one(RESTART, [workspaceId, id])) !== undefined;
  }
}

const INSERT = `
  INSERT INTO document (id, workspace_id, collection_id, content_id, created_by, title, media_type, bytes, metadata)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`;

const SELECT = `SELECT ${DOCUMENT_COLUMNS} FROM document d JOIN collection c ON c.id = d.collection_id`;

const FIND = `${SELECT} WHERE d.workspace_id = $1 AND d.id = $2`;

const LIST = `
  ${SELECT}
  WHERE d.workspace_id = $1 AND ($2::text IS NULL OR d.status = $2) AND ($3::text IS NULL OR c.name = $3)
    AND ($4::uuid IS NULL OR d.id < $4)
  ORDER BY d.id DESC LIMIT $5`;

const CHUNKS = `
  SELECT id, position, heading, start_at AS start, end_at AS "end", text FROM chunk
  WHERE workspace_id = $1 AND document_id = $2 AND position > $3 ORDER BY position LIMIT $4`;

const REMOVE = 'DELETE FROM document WHERE workspace_id = $1 AND id = $2 RETURNING id';

const RESTART = `
  UPDATE document SET status = 'pending', attempt = 0, problem = NULL, chunks_done = 0, chunks_planned = NULL,
    due_at = now(), hindered_since = NULL, version = version + 1, updated_at = clock_timestamp()
  WHERE workspace_id = $1 AND id = $2 AND status IN ('ready', 'failed')
  RETURNING id`;
