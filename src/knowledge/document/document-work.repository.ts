import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import type { ProblemBody } from '../../platform/problem/problem.js';

/** A document that is this process's to work on, until its claim ends. */
export interface ClaimedDocument {
  readonly id: string;
  readonly workspaceId: string;
  readonly collectionId: string;
  readonly contentId: string;
  readonly title: string;
  readonly mediaType: string;
  /** Of its collection. */
  readonly language: string;
  readonly embeddingModel: string;
  /** From 1. */
  readonly attempt: number;
  /** How long ago it was hindered first, since it was asked for. */
  readonly hinderedMs: number;
  /** Only the latest claim may write. */
  readonly claim: string;
}

/** Why a document is left unfinished; only an attempt that failed is one of those it has. */
export type Postponement = 'failed' | 'hindered' | 'stopped';

export const MAX_ATTEMPTS = 3;
/** The queue may be a little early by the clock of the database. */
const EARLY_MS = 1_000;

/** Who works on which document; each method is one conditional statement. */
@Injectable()
export class DocumentWorkRepository {
  constructor(private readonly database: Database) {}

  async due(limit: number): Promise<readonly string[]> {
    return (await this.database.query<{ id: string }>(DUE, [limit])).map(({ id }) => id);
  }

  /** Undefined when there is nothing to be done now, somebody else is about it, or it was begun too often. */
  async claim(id: string, claimMs: number): Promise<ClaimedDocument | undefined> {
    return this.database.one<ClaimedDocument>(CLAIM, [id, claimMs, EARLY_MS, MAX_ATTEMPTS]);
  }

  /** Fails a document whose last attempt ended with its process. */
  async giveUp(id: string, problem: ProblemBody): Promise<void> {
    await this.database.query(GIVE_UP, [id, MAX_ATTEMPTS, JSON.stringify(problem)]);
  }

  /** Tells how far it is and keeps the claim. False when the claim was lost. */
  async progress(
    { id, claim }: ClaimedDocument,
    claimMs: number,
    chunks?: { readonly done: number; readonly total: number },
  ): Promise<boolean> {
    const values = [id, claim, claimMs, chunks?.done ?? null, chunks?.total ?? null];
    return (await this.database.one(PROGRESS, values)) !== undefined;
  }

  /** Keeps others from the document until the ambient transaction ends. False when the claim was lost. */
  async hold({ id, claim }: ClaimedDocument): Promise<boolean> {
    return (await this.database.one(HOLD, [id, claim])) !== undefined;
  }

  /** The last word of the transaction that stores its chunks: it is dated, and told from then on. False when the claim was lost. */
  async ready({ id, claim }: ClaimedDocument, chunks: number): Promise<boolean> {
    return (await this.database.one(READY, [id, claim, chunks])) !== undefined;
  }

  async failed({ id, claim }: ClaimedDocument, problem: ProblemBody): Promise<void> {
    await this.database.query(FAILED, [id, claim, JSON.stringify(problem)]);
  }

  /** Due again after a pause. False when the claim was lost. */
  async postpone({ id, claim }: ClaimedDocument, pauseMs: number, why: Postponement): Promise<boolean> {
    return (await this.database.one(POSTPONE, [id, claim, pauseMs, why])) !== undefined;
  }
}

const DUE = `
  SELECT id FROM document
  WHERE status IN ('pending', 'processing') AND due_at <= now() AND (claimed_until IS NULL OR claimed_until < now())
  ORDER BY due_at LIMIT $1`;

const CLAIM = `
  WITH d AS (
    UPDATE document SET status = 'processing', attempt = attempt + 1, claim = claim + 1, chunks_done = 0, chunks_planned = NULL,
      claimed_until = now() + $2::int * interval '1 ms', version = version + 1, updated_at = clock_timestamp()
    WHERE id = $1 AND status IN ('pending', 'processing') AND attempt < $4
      AND due_at <= now() + $3::int * interval '1 ms' AND (claimed_until IS NULL OR claimed_until < now())
    RETURNING *
  )
  SELECT d.id, d.workspace_id AS "workspaceId", d.collection_id AS "collectionId", d.content_id AS "contentId", d.title,
    d.media_type AS "mediaType", c.language, c.embedding_model AS "embeddingModel", d.attempt, d.claim,
    coalesce(1000 * extract(epoch FROM now() - d.hindered_since), 0)::float8 AS "hinderedMs"
  FROM d JOIN collection c ON c.id = d.collection_id`;

const END = 'claimed_until = NULL, version = version + 1, updated_at = clock_timestamp()';

const GIVE_UP = `
  UPDATE document SET status = 'failed', problem = $3, ${END}
  WHERE id = $1 AND status IN ('pending', 'processing') AND attempt >= $2
    AND (claimed_until IS NULL OR claimed_until < now())`;

const HELD = "WHERE id = $1 AND claim = $2 AND status = 'processing'";

const PROGRESS = `
  UPDATE document SET claimed_until = now() + $3::int * interval '1 ms',
    chunks_done = coalesce($4::int, chunks_done), chunks_planned = coalesce($5::int, chunks_planned),
    version = version + CASE WHEN $5::int IS NULL THEN 0 ELSE 1 END
  ${HELD} RETURNING id`;

const HOLD = `SELECT id FROM document ${HELD} FOR NO KEY UPDATE`;

const READY = `
  UPDATE document SET status = 'ready', problem = NULL, revision = revision + 1, chunk_count = $3, chunks_done = $3, ${END}
  ${HELD} RETURNING id`;

const FAILED = `UPDATE document SET status = 'failed', problem = $3, ${END} ${HELD}`;

const POSTPONE = `
  UPDATE document SET status = 'pending', due_at = now() + $3::int * interval '1 ms',
    attempt = attempt - CASE WHEN $4::text = 'failed' THEN 0 ELSE 1 END,
    hindered_since = CASE WHEN $4::text = 'hindered' THEN coalesce(hindered_since, now()) ELSE hindered_since END, ${END}
  ${HELD} RETURNING id`;
