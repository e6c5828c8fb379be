import { Injectable } from '@nestjs/common';
import { newId } from '../../platform/clock/id.js';
import { Database } from '../../platform/database/database.js';
import type { Chunk } from '../chunk/chunker.js';
import type { Embedded } from '../embedding/embeddings.js';
import { bytesOfVector } from '../embedding/unit-vector.js';
import { VectorTable } from '../search/vector-table.js';
import type { ClaimedDocument } from './document-work.repository.js';

export type EmbeddedChunk = Chunk & Embedded;

/** Rows of one statement. */
const BATCH = 200;

/** What documents are found by. */
@Injectable()
export class ChunkStore {
  constructor(
    private readonly database: Database,
    private readonly vectors: VectorTable,
  ) {}

  /** Replaces the chunks of a document; part of the transaction that makes it ready. */
  async replace(document: ClaimedDocument, chunks: readonly EmbeddedChunk[]): Promise<void> {
    const { id, workspaceId, collectionId, title, language } = document;
    await this.database.query(REMOVE, [workspaceId, id]);
    for (let first = 0; first < chunks.length; first += BATCH) {
      const batch = chunks.slice(first, first + BATCH);
      const ids = batch.map(() => newId());
      await this.database.query(INSERT, [
        workspaceId,
        collectionId,
        id,
        language,
        title,
        ids,
        batch.map((_, index) => first + index),
        batch.map(({ start }) => start),
        batch.map(({ end }) => end),
        batch.map(({ heading }) => heading),
        batch.map(({ text }) => text),
        batch.map(({ vector }) => bytesOfVector(vector)),
        batch.map(({ hash }) => hash),
      ]);
      await this.vectors.add(
        ids,
        batch.map(({ vector }) => vector),
      );
    }
  }
}

const REMOVE = 'DELETE FROM chunk WHERE workspace_id = $1 AND document_id = $2';

const INSERT = `
  INSERT INTO chunk (id, workspace_id, collection_id, document_id, position, start_at, end_at, heading, text, embedding, embedding_hash, search)
  SELECT k.id, $1::uuid, $2::uuid, $3::uuid, k.position, k.start_at, k.end_at, k.heading, k.text, k.embedding, k.hash,
    array_to_tsvector(ARRAY['workspace:' || $1::uuid::text])
      || setweight(to_tsvector($4::text::regconfig, $5::text || ' ' || k.heading), 'A')
      || to_tsvector($4::text::regconfig, k.text)
  FROM unnest($6::uuid[], $7::int[], $8::int[], $9::int[], $10::text[], $11::text[], $12::bytea[], $13::bytea[])
    AS k (id, position, start_at, end_at, heading, text, embedding, hash)`;
