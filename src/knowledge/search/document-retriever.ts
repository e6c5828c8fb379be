import { Injectable } from '@nestjs/common';
import { Embeddings } from '../embedding/embeddings.js';
import { Retriever, type RetrievalRequest, type RetrievedChunk, type RetrieverPlugin } from '../retriever.js';
import { contentWords } from '../words.js';
import type { ChunkQuery, FoundChunk } from './chunk-search.js';
import { ExactSearch } from './exact-search.js';
import { PgvectorSearch } from './pgvector-search.js';
import { SearchScopeRepository, type ScopedCollection, type SearchScope } from './search-scope.repository.js';
import { snippetOf } from './snippet.js';
import { VectorTable } from './vector-table.js';

/** Searches the documents of a workspace, by words and by vectors. */
@Injectable()
@Retriever({ isDefault: true })
export class DocumentRetriever implements RetrieverPlugin {
  constructor(
    private readonly scopes: SearchScopeRepository,
    private readonly embeddings: Embeddings,
    private readonly vectors: VectorTable,
    private readonly pgvector: PgvectorSearch,
    private readonly exact: ExactSearch,
  ) {}

  async retrieve(request: RetrievalRequest): Promise<readonly RetrievedChunk[]> {
    const scope = await this.scopes.of(request);
    const words = contentWords(request.query);
    const byModel = [...Map.groupBy(scope.collections, ({ embeddingModel }) => embeddingModel)];
    const found = await Promise.all(
      byModel.map(async ([model, collections]) =>
        this.find(await this.queryOf(request, model, collections, words, scope), request.signal),
      ),
    );
    return found
      .flat()
      .toSorted((a, b) => b.fused - a.fused || b.score - a.score)
      .slice(0, request.limit)
      .map((chunk) => retrieved(chunk, words));
  }

  private async find(query: ChunkQuery, signal: AbortSignal): Promise<readonly FoundChunk[]> {
    const search = query.vector && (await this.vectors.isReady()) ? this.pgvector : this.exact;
    return search.find(query, signal);
  }

  private async queryOf(
    { workspaceId, query, mode, limit, threshold = 0, signal }: RetrievalRequest,
    model: string,
    collections: readonly ScopedCollection[],
    words: readonly string[],
    { documentIds }: SearchScope,
  ): Promise<ChunkQuery> {
    return {
      workspaceId,
      collections,
      documentIds,
      words: mode === 'vector' ? [] : words,
      ...(mode !== 'text' && { vector: await this.embeddings.query(model, query, signal) }),
      similarity: mode === 'text' ? NO_VECTORS : this.embeddings.similarityOf(model),
      limit,
      threshold,
    };
  }
}

const NO_VECTORS = { unrelated: 0, same: 1 };

const retrieved = (
  { id, documentId, title, score, text, start, end }: FoundChunk,
  words: readonly string[],
): RetrievedChunk => ({
  documentId,
  chunkId: id,
  title,
  score: Math.round(score * 10_000) / 10_000,
  text,
  snippet: snippetOf(text, words),
  start,
  end,
});
