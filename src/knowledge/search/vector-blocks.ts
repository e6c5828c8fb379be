import { setImmediate as turn } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import { vectorOfBytes } from '../embedding/unit-vector.js';
import { KnowledgeConfig } from '../knowledge.config.js';
import type { ChunkQuery } from './chunk-search.js';
import { Nearest, type Near, type VectorBlock } from './nearest.js';

type NearestQuery = Pick<ChunkQuery, 'workspaceId' | 'collections' | 'documentIds'> & {
  readonly vector: Float32Array;
  readonly count: number;
};

interface Listed {
  readonly id: string;
  /** Another one: other vectors. */
  readonly revision: number;
  readonly chunks: number;
}

/** Vectors that are read by one statement, and compared without letting others have a turn. */
const BATCH = 4_000;
/** Of an id and what a row costs beside its vector. */
const ROW_BYTES = 100;

/**
 * The vectors of documents, kept by document and revision: which documents are searched is asked of the database each
 * time, so that what is kept is never found by a stranger or after a change. The longest unused go when memory is full.
 */
@Injectable()
export class VectorBlocks {
  private readonly kept = new Map<string, VectorBlock>();
  private keptBytes = 0;
  private readonly maxBytes: number;
  private loading: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly database: Database,
    { vectorCacheMb }: KnowledgeConfig,
  ) {
    this.maxBytes = vectorCacheMb * 1_048_576;
  }

  /** Bytes of what is kept. */
  get size(): number {
    return this.keptBytes;
  }

  /** Nearest first. @throws the signal's reason */
  async nearest(query: NearestQuery, signal: AbortSignal): Promise<readonly Near[]> {
    const { workspaceId, collections, documentIds, vector, count } = query;
    const places = collections.map(({ id }) => id);
    const listed = await this.database.query<Listed>(LISTED, [workspaceId, places, documentIds ?? null]);
    const nearest = new Nearest(vector, count);
    for (const batch of batchesOf(listed)) {
      for (const block of await this.blocksOf(workspaceId, batch)) nearest.see(block);
      await turn();
      signal.throwIfAborted();
    }
    return nearest.result();
  }

  private async blocksOf(workspaceId: string, documents: readonly Listed[]): Promise<readonly VectorBlock[]> {
    const known = documents.map((document) => this.used(keyOf(document)));
    if (known.every((block) => block !== undefined)) return known;
    return this.inTurn(() => this.load(workspaceId, documents));
  }

  /** One load at a time: many that search at once would read the same, and fill the memory. */
  private inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const result = this.loading.then(work);
    this.loading = result.catch(() => undefined);
    return result;
  }

  private async load(workspaceId: string, documents: readonly Listed[]): Promise<readonly VectorBlock[]> {
    const missing = documents.filter((document) => !this.kept.has(keyOf(document)));
    const rows =
      missing.length === 0
        ? []
        : await this.database.query<VectorRow>(VECTORS, [workspaceId, missing.map(({ id }) => id)]);
    const byDocument = Map.groupBy(rows, ({ documentId }) => documentId);
    const loaded = new Map(missing.map((one) => [keyOf(one), blockOf(byDocument.get(one.id) ?? [])]));
    for (const [key, block] of loaded) this.keep(key, block);
    return documents.flatMap((document) => loaded.get(keyOf(document)) ?? this.used(keyOf(document)) ?? []);
  }

  private used(key: string): VectorBlock | undefined {
    const block = this.kept.get(key);
    if (!block) return undefined;
    this.kept.delete(key);
    this.kept.set(key, block);
    return block;
  }

  private keep(key: string, block: VectorBlock): void {
    if (this.kept.has(key)) return;
    this.kept.set(key, block);
    this.keptBytes += bytesOf(block);
    for (const [oldest, old] of this.kept) {
      if (this.keptBytes <= this.maxBytes) return;
      this.kept.delete(oldest);
      this.keptBytes -= bytesOf(old);
    }
  }
}

interface VectorRow {
  readonly id: string;
  readonly documentId: string;
  readonly embedding: Buffer;
}

const keyOf = ({ id, revision }: Listed): string => `${id}:${revision}`;

const bytesOf = ({ ids, vectors }: VectorBlock): number => vectors.byteLength + ids.length * ROW_BYTES;

function blockOf(rows: readonly VectorRow[]): VectorBlock {
  return {
    ids: rows.map(({ id }) => id),
    vectors: vectorOfBytes(Buffer.concat(rows.map(({ embedding }) => embedding))),
  };
}

function* batchesOf(documents: readonly Listed[]): Generator<readonly Listed[]> {
  let batch: Listed[] = [];
  let chunks = 0;
  for (const document of documents) {
    if (chunks > 0 && chunks + document.chunks > BATCH) {
      yield batch;
      [batch, chunks] = [[], 0];
    }
    batch.push(document);
    chunks += document.chunks;
  }
  if (batch.length > 0) yield batch;
}

const LISTED = `
  SELECT id, revision, chunk_count AS chunks FROM document
  WHERE workspace_id = $1 AND collection_id = ANY($2::uuid[]) AND chunk_count > 0
    AND ($3::uuid[] IS NULL OR id = ANY($3::uuid[]))
  ORDER BY id`;

const VECTORS = `
  SELECT id, document_id AS "documentId", embedding FROM chunk
  WHERE workspace_id = $1 AND document_id = ANY($2::uuid[]) ORDER BY document_id, position`;
