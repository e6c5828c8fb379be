import { Injectable } from '@nestjs/common';
import { isId } from '../../platform/clock/id.js';
import { Database } from '../../platform/database/database.js';
import type { RetrievalRequest } from '../retriever.js';

export interface ScopedCollection {
  readonly id: string;
  readonly language: string;
  readonly embeddingModel: string;
}

/** Where a request may look, by what the workspace has. */
export interface SearchScope {
  readonly collections: readonly ScopedCollection[];
  /** Absent: every document of the collections. */
  readonly documentIds?: readonly string[];
}

type Asked = Pick<RetrievalRequest, 'workspaceId' | 'collections' | 'documentIds' | 'metadata'>;

/** Most documents that a filter may leave. */
const MAX_DOCUMENTS = 10_000;

@Injectable()
export class SearchScopeRepository {
  constructor(private readonly database: Database) {}

  /** Names and ids that the workspace does not have are as if they had not been given; with them alone nothing is left. */
  async of({ workspaceId, collections, documentIds, metadata }: Asked): Promise<SearchScope> {
    const places = await this.database.query<ScopedCollection>(COLLECTIONS, [workspaceId, collections ?? null]);
    if (documentIds === undefined && metadata === undefined) return { collections: places };
    const documents = await this.database.query<{ id: string; collectionId: string }>(DOCUMENTS, [
      workspaceId,
      documentIds?.filter(isId) ?? null,
      metadata === undefined ? null : JSON.stringify(metadata),
      MAX_DOCUMENTS,
    ]);
    const held = new Set(documents.map(({ collectionId }) => collectionId));
    return { collections: places.filter(({ id }) => held.has(id)), documentIds: documents.map(({ id }) => id) };
  }
}

const COLLECTIONS = `
  SELECT id, language, embedding_model AS "embeddingModel" FROM collection
  WHERE workspace_id = $1 AND ($2::text[] IS NULL OR name = ANY($2::text[]))`;

const DOCUMENTS = `
  SELECT id, collection_id AS "collectionId" FROM document
  WHERE workspace_id = $1 AND ($2::uuid[] IS NULL OR id = ANY($2::uuid[])) AND ($3::jsonb IS NULL OR metadata @> $3::jsonb)
  ORDER BY id DESC LIMIT $4`;
