import type { ProblemBody } from '../../platform/problem/problem.js';

export const DOCUMENT_STATUSES = ['pending', 'processing', 'ready', 'failed'] as const;
export type DocumentStatus = (typeof DOCUMENT_STATUSES)[number];

/** A document as the API shows it. What is unset is absent. */
export interface KnowledgeDocument {
  readonly id: string;
  readonly title: string;
  /** Its name. */
  readonly collection: string;
  readonly status: DocumentStatus;
  readonly mediaType: string;
  readonly bytes: number;
  /** Those it is found by; of its last successful processing. */
  readonly chunks?: number;
  /** While it is processed. */
  readonly progress?: { readonly done: number; readonly total: number };
  /** Why it failed. */
  readonly problem?: ProblemBody;
  readonly metadata: object;
  readonly createdAt: string;
  readonly updatedAt: string;
}

export interface DocumentRow {
  readonly id: string;
  readonly title: string;
  readonly collection: string;
  readonly status: DocumentStatus;
  readonly mediaType: string;
  readonly bytes: number;
  readonly chunkCount: number;
  readonly chunksDone: number;
  readonly chunksPlanned: number | null;
  readonly problem: ProblemBody | null;
  readonly metadata: object;
  /** How often it was processed to its end. */
  readonly revision: number;
  /** Counts every change of its state. */
  readonly version: number;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

export const toDocument = (row: DocumentRow): KnowledgeDocument => ({
  id: row.id,
  title: row.title,
  collection: row.collection,
  status: row.status,
  mediaType: row.mediaType,
  bytes: row.bytes,
  ...(row.revision > 0 && { chunks: row.chunkCount }),
  ...(row.status === 'processing' &&
    row.chunksPlanned !== null && { progress: { done: row.chunksDone, total: row.chunksPlanned } }),
  ...(row.problem && { problem: row.problem }),
  metadata: row.metadata,
  createdAt: row.createdAt.toISOString(),
  updatedAt: row.updatedAt.toISOString(),
});

/** Columns of {@link DocumentRow}, from `document d` joined with `collection c`. */
export const DOCUMENT_COLUMNS = `
  d.id, d.title, c.name AS collection, d.status, d.media_type AS "mediaType", d.bytes, d.chunk_count AS "chunkCount",
  d.chunks_done AS "chunksDone", d.chunks_planned AS "chunksPlanned", d.problem, d.metadata, d.revision, d.version,
  d.created_at AS "createdAt", d.updated_at AS "updatedAt"`;
