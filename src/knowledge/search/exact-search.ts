import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import type { ChunkQuery, ChunkSearch, FoundChunk } from './chunk-search.js';
import { CANDIDATES, NEAR_NOTHING, searchStatement, searchValues } from './search-statement.js';
import { VectorBlocks } from './vector-blocks.js';

/** Compares the query with every vector, in this process: no extension needed, and exact. */
@Injectable()
export class ExactSearch implements ChunkSearch {
  constructor(
    private readonly database: Database,
    private readonly blocks: VectorBlocks,
  ) {}

  async find(query: ChunkQuery, signal: AbortSignal): Promise<readonly FoundChunk[]> {
    const { vector } = query;
    if (!vector) return this.database.query<FoundChunk>(BY_WORDS, searchValues(query));
    const nearest = await this.blocks.nearest({ ...query, vector, count: CANDIDATES }, signal);
    const ids = nearest.map(({ id }) => id);
    const similarities = nearest.map(({ similarity }) => similarity);
    return this.database.query<FoundChunk>(WITH_NEAREST, [...searchValues(query), ids, similarities]);
  }
}

const BY_WORDS = searchStatement(NEAR_NOTHING);

const WITH_NEAREST = searchStatement('SELECT * FROM unnest($10::uuid[], $11::float8[]) AS n (id, similarity)');
