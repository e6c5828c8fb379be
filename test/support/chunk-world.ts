import { newId } from '../../src/platform/clock/id.js';
import type { Database } from '../../src/platform/database/database.js';
import { chunksOf } from '../../src/knowledge/chunk/chunker.js';
import { ChunkStore } from '../../src/knowledge/document/chunk-store.js';
import type { ClaimedDocument } from '../../src/knowledge/document/document-work.repository.js';
import { EmbeddingRegistry } from '../../src/knowledge/embedding/embedding.registry.js';
import { Embeddings } from '../../src/knowledge/embedding/embeddings.js';
import { LocalEmbeddings } from '../../src/knowledge/embedding/local.provider.js';
import { KnowledgeConfig } from '../../src/knowledge/knowledge.config.js';
import type { RetrievalRequest, RetrievedChunk } from '../../src/knowledge/retriever.js';
import { DocumentRetriever } from '../../src/knowledge/search/document-retriever.js';
import { ExactSearch } from '../../src/knowledge/search/exact-search.js';
import { PgvectorSearch } from '../../src/knowledge/search/pgvector-search.js';
import { SearchScopeRepository } from '../../src/knowledge/search/search-scope.repository.js';
import { VectorBlocks } from '../../src/knowledge/search/vector-blocks.js';
import { VectorTable } from '../../src/knowledge/search/vector-table.js';
import type { PluginRegistry } from '../../src/platform/plugin/plugin.registry.js';

export const MODEL = 'local:hashing';

export interface AddedDocument {
  readonly workspaceId: string;
  readonly title: string;
  readonly text: string;
  readonly collection?: string;
  readonly language?: string;
  readonly metadata?: object;
}

/** Documents and the search in them on any database, without the server around. */
export interface ChunkWorld {
  readonly vectors: VectorTable;
  readonly blocks: VectorBlocks;
  workspace(): Promise<string>;
  /** Answers its id. */
  add(document: AddedDocument): Promise<string>;
  /** Gives a document another text. */
  change(id: string, text: string): Promise<void>;
  retrieve(workspaceId: string, query: string, more?: Partial<RetrievalRequest>): Promise<readonly RetrievedChunk[]>;
}

interface Base {
  readonly database: Database;
  sql<Row>(text: string, values?: readonly unknown[]): Promise<Row[]>;
}

export function chunkWorld({ database, sql }: Base, environment: Readonly<Record<string, string>> = {}): ChunkWorld {
  const config = new KnowledgeConfig(environment);
  const plugins = { find: () => [{ plugin: new LocalEmbeddings(), options: { name: 'local', configuredBy: [] } }] };
  const registry = new EmbeddingRegistry(plugins as unknown as PluginRegistry);
  registry.onModuleInit();
  const embeddings = new Embeddings(registry, database);
  const vectors = new VectorTable(database, config);
  const blocks = new VectorBlocks(database, config);
  const chunks = new ChunkStore(database, vectors);
  const retriever = new DocumentRetriever(
    new SearchScopeRepository(database),
    embeddings,
    vectors,
    new PgvectorSearch(database),
    new ExactSearch(database, blocks),
  );
  const { signal } = new AbortController();

  const index = async (document: ClaimedDocument, text: string): Promise<void> => {
    const cut = chunksOf({ text, form: 'markdown' });
    const texts = cut.map((chunk) => `${document.title}\n${chunk.text}`);
    const made = await embeddings.passages(document.workspaceId, MODEL, texts, signal);
    await vectors.prepare(384);
    await database.transaction(async () => {
      await chunks.replace(
        document,
        cut.map((chunk, place) => ({ ...chunk, ...made[place]! })),
      );
      await database.query(READY, [document.id, cut.length]);
    });
  };

  return {
    vectors,
    blocks,
    workspace: async () => {
      const id = newId();
      await sql('INSERT INTO workspace (id, name, is_personal, created_by) VALUES ($1, $2, false, $3)', [
        id,
        'W',
        newId(),
      ]);
      return id;
    },
    add: async ({ workspaceId, title, text, collection = 'default', language = 'simple', metadata = {} }) => {
      const [id, contentId] = [newId(), newId()];
      await sql(COLLECTION, [newId(), workspaceId, collection, language, MODEL]);
      await sql('INSERT INTO document_content (id, workspace_id) VALUES ($1, $2)', [contentId, workspaceId]);
      const [row] = await sql<{ collection_id: string }>(DOCUMENT, [
        id,
        workspaceId,
        collection,
        contentId,
        newId(),
        title,
        JSON.stringify(metadata),
      ]);
      await index(claimed({ id, workspaceId, collectionId: row!.collection_id, contentId, title, language }), text);
      return id;
    },
    change: async (id, text) => {
      const [row] = await sql<ClaimedDocument>(CLAIMED, [id]);
      await index(claimed(row!), text);
    },
    retrieve: (workspaceId, query, more = {}) =>
      retriever.retrieve({ workspaceId, userId: workspaceId, query, limit: 10, mode: 'hybrid', signal, ...more }),
  };
}

const claimed = (parts: Partial<ClaimedDocument>): ClaimedDocument =>
  ({ mediaType: 'text/markdown', embeddingModel: MODEL, attempt: 1, claim: '1', ...parts }) as ClaimedDocument;

const COLLECTION = `
  INSERT INTO collection (id, workspace_id, name, language, embedding_model) VALUES ($1, $2, $3, $4, $5)
  ON CONFLICT DO NOTHING`;

const DOCUMENT = `
  INSERT INTO document (id, workspace_id, collection_id, content_id, created_by, title, media_type, bytes, metadata)
  SELECT $1, $2, id, $4, $5, $6, 'text/markdown', 1, $7 FROM collection WHERE workspace_id = $2 AND name = $3
  RETURNING collection_id`;

const READY = `UPDATE document SET status = 'ready', chunk_count = $2, revision = revision + 1 WHERE id = $1`;

const CLAIMED = `
  SELECT d.id, d.workspace_id AS "workspaceId", d.collection_id AS "collectionId", d.title, c.language
  FROM document d JOIN collection c ON c.id = d.collection_id WHERE d.id = $1`;
