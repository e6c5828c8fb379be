import { Injectable, Logger } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import { isTransient } from '../../platform/database/fault.js';
import { vectorOfBytes } from '../embedding/unit-vector.js';
import { KnowledgeConfig } from '../knowledge.config.js';

/** Most dimensions of an indexed half-precision vector of pgvector. */
const MAX_INDEXED = 4_000;
const FILL_BATCH = 500;

/** The table of vectors for pgvector, beside those of the chunks, where the database has the extension. */
@Injectable()
export class VectorTable {
  private readonly logger = new Logger('VectorTable');
  private isThere: Promise<boolean> | undefined;
  private isFilled: Promise<void> | undefined;
  private readonly indexed = new Set<number>();
  private canSearch = false;

  constructor(
    private readonly database: Database,
    private readonly config: KnowledgeConfig,
  ) {}

  /** Whether every vector is in it, so that it can be searched. While it is being filled it is not. */
  async isReady(): Promise<boolean> {
    if (this.canSearch) return true;
    if (!(await this.exists())) return false;
    this.isFilled ??= this.fill();
    return this.canSearch;
  }

  /** Resolves when it can be searched, or never will be. */
  async filled(): Promise<boolean> {
    await this.isReady();
    await this.isFilled;
    return this.canSearch;
  }

  /** Indexes vectors of so many dimensions; outside of a transaction, before the first are added. */
  async prepare(dimensions: number): Promise<void> {
    if (this.indexed.has(dimensions) || dimensions === 0 || !(await this.exists())) return;
    if (dimensions <= MAX_INDEXED) await this.database.query(indexOf(dimensions));
    this.indexed.add(dimensions);
  }

  /** The vectors of chunks that the ambient transaction has stored. */
  async add(chunkIds: readonly string[], vectors: readonly Float32Array[]): Promise<void> {
    if (!(await this.exists())) return;
    await this.database.query(ADD, [chunkIds, vectors.map(literalOf), vectors.map(({ length }) => length)]);
  }

  private exists(): Promise<boolean> {
    this.isThere ??= this.database
      .detached(() => this.make())
      .catch((error: unknown) => {
        if (isTransient(error)) this.isThere = undefined;
        this.logger.warn(`Vectors are searched in this process, without pgvector: ${String(error)}`);
        return false;
      });
    return this.isThere;
  }

  private async make(): Promise<boolean> {
    if (!this.config.usePgvector || !(await this.database.one(AVAILABLE))) return false;
    await this.database.transaction(async () => {
      await this.database.query(LOCK);
      await this.database.query(EXTENSION);
      await this.database.query(TABLE);
      await this.database.query(INDEX_OF_PLACES);
    });
    return true;
  }

  /** Adds what was stored before the extension was there. */
  private async fill(): Promise<void> {
    try {
      await this.database.detached(async () => {
        for (let rows = await this.missing(); rows.length > 0; rows = await this.missing()) {
          const vectors = rows.map(({ embedding }) => vectorOfBytes(embedding));
          for (const dimensions of new Set(vectors.map(({ length }) => length))) await this.prepare(dimensions);
          await this.add(
            rows.map(({ id }) => id),
            vectors,
          );
        }
      });
      this.canSearch = true;
    } catch (error) {
      this.isFilled = undefined;
      this.logger.warn(`The table of vectors cannot be filled, trying again at the next search: ${String(error)}`);
    }
  }

  private missing(): Promise<{ readonly id: string; readonly embedding: Buffer }[]> {
    return this.database.query(MISSING, [FILL_BATCH]);
  }
}

/** A vector as pgvector reads it. */
export const literalOf = (vector: Float32Array): string => `[${vector.join(',')}]`;

const AVAILABLE = `SELECT 1 AS there FROM pg_available_extensions WHERE name = 'vector'`;

const LOCK = `SELECT pg_advisory_xact_lock(hashtextextended('chatter:chunk_vector', 0))`;

const EXTENSION = 'CREATE EXTENSION IF NOT EXISTS vector';

const TABLE = `
  CREATE TABLE IF NOT EXISTS chunk_vector (
    chunk_id uuid PRIMARY KEY REFERENCES chunk ON DELETE CASCADE,
    workspace_id uuid NOT NULL,
    collection_id uuid NOT NULL,
    document_id uuid NOT NULL,
    dimensions integer NOT NULL,
    embedding halfvec NOT NULL
  )`;

const INDEX_OF_PLACES =
  'CREATE INDEX IF NOT EXISTS chunk_vector_place ON chunk_vector (workspace_id, collection_id, document_id)';

const indexOf = (dimensions: number): string => `
  CREATE INDEX IF NOT EXISTS chunk_vector_near_${dimensions} ON chunk_vector
  USING hnsw ((embedding::halfvec(${dimensions})) halfvec_cosine_ops) WHERE dimensions = ${dimensions}`;

const ADD = `
  INSERT INTO chunk_vector (chunk_id, workspace_id, collection_id, document_id, dimensions, embedding)
  SELECT k.id, k.workspace_id, k.collection_id, k.document_id, v.dimensions, v.embedding::halfvec
  FROM unnest($1::uuid[], $2::text[], $3::int[]) AS v (id, embedding, dimensions) JOIN chunk k ON k.id = v.id
  ON CONFLICT DO NOTHING`;

const MISSING = `
  SELECT k.id, k.embedding FROM chunk k WHERE NOT EXISTS (SELECT FROM chunk_vector v WHERE v.chunk_id = k.id) LIMIT $1`;
