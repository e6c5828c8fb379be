import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import { chunksOf, type Chunk } from '../chunk/chunker.js';
import { Embeddings } from '../embedding/embeddings.js';
import { documentUnreadable } from '../knowledge.errors.js';
import { DocumentParser } from '../parse/document-parser.js';
import { VectorTable } from '../search/vector-table.js';
import { ChunkStore, type EmbeddedChunk } from './chunk-store.js';
import { ContentStore } from './content-store.js';
import { DocumentWorkRepository, type ClaimedDocument } from './document-work.repository.js';

const MAX_CHUNKS = 50_000;

/** The claim on a document ended: another process has gone on with it, or it was deleted. */
export class ClaimLost extends Error {}

/** Reads, cuts, embeds and stores a document. What it was found by before is replaced all at once, in the end. */
@Injectable()
export class DocumentIndexer {
  constructor(
    private readonly contents: ContentStore,
    private readonly parser: DocumentParser,
    private readonly embeddings: Embeddings,
    private readonly chunks: ChunkStore,
    private readonly vectors: VectorTable,
    private readonly work: DocumentWorkRepository,
    private readonly database: Database,
  ) {}

  /** @throws Problem document-unreadable, embedding-failed or of the provider; ClaimLost; the signal's reason */
  async index(document: ClaimedDocument, claimMs: number, signal: AbortSignal): Promise<void> {
    const bytes = await this.contents.read(document.workspaceId, document.contentId);
    const chunks = chunksOf(await this.parser.parse(bytes, document.mediaType, signal));
    if (chunks.length > MAX_CHUNKS)
      throw documentUnreadable(
        `The text makes ${chunks.length} chunks; ${MAX_CHUNKS} are the most. Split the document.`,
      );
    const embedded = await this.embedded(document, chunks, claimMs, signal);
    await this.vectors.prepare(embedded[0]?.vector.length ?? 0);
    await this.database.transaction(async () => {
      if (!(await this.work.hold(document))) throw new ClaimLost();
      await this.chunks.replace(document, embedded);
      await this.work.ready(document, embedded.length);
    });
  }

  private async embedded(
    document: ClaimedDocument,
    chunks: readonly Chunk[],
    claimMs: number,
    signal: AbortSignal,
  ): Promise<readonly EmbeddedChunk[]> {
    const { workspaceId, embeddingModel, title } = document;
    const size = this.embeddings.batchOf(embeddingModel);
    const embedded: EmbeddedChunk[] = [];
    while (embedded.length < chunks.length) {
      const progress = { done: embedded.length, total: chunks.length };
      if (!(await this.work.progress(document, claimMs, progress))) throw new ClaimLost();
      const batch = chunks.slice(embedded.length, embedded.length + size);
      const texts = batch.map((chunk) => embeddedText(title, chunk));
      const made = await this.embeddings.passages(workspaceId, embeddingModel, texts, signal);
      embedded.push(...batch.flatMap((chunk, index) => (made[index] ? [{ ...chunk, ...made[index] }] : [])));
    }
    return embedded;
  }
}

/** A chunk with what it stands under: alone it often does not say what it is about. */
const embeddedText = (title: string, { heading, text }: Chunk): string =>
  [title, heading, text].filter((part) => part !== '').join('\n');
