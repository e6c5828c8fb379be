import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import type { ChunkQuery, ChunkSearch, FoundChunk } from './chunk-search.js';
import { CANDIDATES, NEAR_NOTHING, searchStatement, searchValues } from './search-statement.js';
import { literalOf } from './vector-table.js';

/** Searches words and vectors in one statement, the vectors by pgvector's HNSW index. */
@Injectable()
export class PgvectorSearch implements ChunkSearch {
  constructor(private readonly database: Database) {}

  async find(query: ChunkQuery, signal: AbortSignal): Promise<readonly FoundChunk[]> {
    signal.throwIfAborted();
    const { vector } = query;
    if (!vector) return this.database.query<FoundChunk>(BY_WORDS, searchValues(query));
    return this.database.transaction(async () => {
      await this.database.query(WIDEN);
      const values = [...searchValues(query), literalOf(vector)];
      return this.database.query<FoundChunk>(searchStatement(nearest(vector.length)), values);
    });
  }
}

const BY_WORDS = searchStatement(NEAR_NOTHING);

/** The index is asked for more while other workspaces' vectors are all it gives. */
const WIDEN = `SELECT set_config('hnsw.iterative_scan', 'strict_order', true), set_config('hnsw.ef_search', '100', true)`;

/** Dimensions are part of the text: the index is made for them. */
const nearest = (dimensions: number): string => `
  SELECT v.chunk_id AS id, 1 - (v.embedding::halfvec(${dimensions}) <=> $10::text::halfvec(${dimensions})) AS similarity
  FROM chunk_vector v
  WHERE v.workspace_id = $1 AND v.dimensions = ${dimensions} AND v.collection_id = ANY($2::uuid[])
    AND ($4::uuid[] IS NULL OR v.document_id = ANY($4::uuid[]))
  ORDER BY v.embedding::halfvec(${dimensions}) <=> $10::text::halfvec(${dimensions}) LIMIT ${CANDIDATES}`;
