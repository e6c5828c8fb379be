import { Module } from '@nestjs/common';
import { LlmModule } from '../llm/llm.module.js';
import { provideConfiguration } from '../platform/config/configuration.js';
import { SecurityModule } from '../security/security.module.js';
import { CollectionController } from './collection/collection.controller.js';
import { CollectionRepository } from './collection/collection.repository.js';
import { CollectionService } from './collection/collection.service.js';
import { ChunkStore } from './document/chunk-store.js';
import { ContentStore } from './document/content-store.js';
import { DocumentController } from './document/document.controller.js';
import { DocumentIndexer } from './document/document-indexer.js';
import { DocumentNews } from './document/document-news.source.js';
import { DocumentProcessor } from './document/document.processor.js';
import { DocumentProgress } from './document/document-progress.js';
import { DocumentRepository } from './document/document.repository.js';
import { DocumentService } from './document/document.service.js';
import { DocumentWorkRepository } from './document/document-work.repository.js';
import { Places } from './document/places.js';
import { UploadReader } from './document/upload-reader.js';
import { EmbeddingRegistry } from './embedding/embedding.registry.js';
import { Embeddings } from './embedding/embeddings.js';
import { LocalEmbeddings } from './embedding/local.provider.js';
import { OllamaEmbeddings } from './embedding/ollama.provider.js';
import { OpenAICompatibleEmbeddings } from './embedding/openai-compatible.provider.js';
import { KnowledgeConfig } from './knowledge.config.js';
import { KnowledgeSearch } from './knowledge-search.js';
import { DocumentParser } from './parse/document-parser.js';
import { Retrieval } from './retrieval.js';
import { DocumentRetriever } from './search/document-retriever.js';
import { ExactSearch } from './search/exact-search.js';
import { PgvectorSearch } from './search/pgvector-search.js';
import { SearchController } from './search/search.controller.js';
import { SearchScopeRepository } from './search/search-scope.repository.js';
import { SearchService } from './search/search.service.js';
import { VectorBlocks } from './search/vector-blocks.js';
import { VectorTable } from './search/vector-table.js';

/** An embedding provider is one file and one line here. */
const EMBEDDING_PROVIDERS = [LocalEmbeddings, OpenAICompatibleEmbeddings, OllamaEmbeddings];

const DOCUMENTS = [
  ChunkStore,
  ContentStore,
  DocumentIndexer,
  DocumentNews,
  DocumentParser,
  DocumentProcessor,
  DocumentProgress,
  DocumentRepository,
  DocumentService,
  DocumentWorkRepository,
  Places,
  UploadReader,
];

const SEARCH = [ExactSearch, PgvectorSearch, SearchScopeRepository, SearchService, VectorBlocks, VectorTable];

/** What is known beyond a conversation: documents, and the search in them. */
@Module({
  imports: [LlmModule, SecurityModule],
  controllers: [CollectionController, SearchController, DocumentController],
  providers: [
    provideConfiguration(KnowledgeConfig),
    CollectionRepository,
    CollectionService,
    ...DOCUMENTS,
    Embeddings,
    EmbeddingRegistry,
    ...EMBEDDING_PROVIDERS,
    ...SEARCH,
    DocumentRetriever,
    KnowledgeSearch,
    Retrieval,
  ],
  exports: [CollectionService, KnowledgeSearch, Retrieval],
})
export class KnowledgeModule {}
