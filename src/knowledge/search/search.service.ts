import { Injectable } from '@nestjs/common';
import type { Principal } from '../../platform/http/principal.js';
import { Retrieval } from '../retrieval.js';
import type { RetrievalRequest } from '../retriever.js';
import type { SearchResultDto } from './search.dto.js';

type Search = Omit<RetrievalRequest, 'workspaceId' | 'userId' | 'signal'>;

/** The search in documents as the API has it. */
@Injectable()
export class SearchService {
  constructor(private readonly retrieval: Retrieval) {}

  /** @throws Problem retrieval-failed, embedding-failed; the signal's reason */
  async search({ workspaceId, userId }: Principal, search: Search, signal: AbortSignal): Promise<SearchResultDto> {
    const chunks = await this.retrieval.retrieve({ ...search, workspaceId, userId, signal });
    return {
      items: chunks.map(
        ({ documentId, chunkId, title, score, text, snippet = text, start = 0, end = text.length }) => ({
          documentId,
          chunkId,
          title,
          score,
          snippet,
          start,
          end,
        }),
      ),
    };
  }
}
