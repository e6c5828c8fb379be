import { Injectable, type OnModuleInit } from '@nestjs/common';
import { PluginRegistry } from '../platform/plugin/plugin.registry.js';
import { KnowledgeSource, type Knowledge, type KnowledgeQuestion, type Passage } from './knowledge-source.js';
import { Retrieval } from './retrieval.js';

/** The search in all that a user may read: documents, and whatever else the rooms above have. */
@Injectable()
export class KnowledgeSearch implements OnModuleInit {
  private sources: readonly Knowledge[] = [];

  constructor(
    private readonly retrieval: Retrieval,
    private readonly plugins: PluginRegistry,
  ) {}

  onModuleInit(): void {
    this.sources = this.plugins.find<Knowledge, void>(KnowledgeSource).map(({ plugin }) => plugin);
  }

  /** At most `limit` passages: those of documents first, the best of each source before the others. @throws Problem, or the signal's reason */
  async search(question: KnowledgeQuestion): Promise<readonly Passage[]> {
    const found = await Promise.all([
      this.documents(question),
      ...this.sources.map((source) => source.search(question)),
    ]);
    return found.flat().slice(0, question.limit);
  }

  private async documents({
    workspaceId,
    userId,
    query,
    limit,
    signal,
  }: KnowledgeQuestion): Promise<readonly Passage[]> {
    if (!this.retrieval.isAvailable) return [];
    const chunks = await this.retrieval.retrieve({ workspaceId, userId, query, limit, mode: 'hybrid', signal });
    return chunks.map(({ title, text, score, documentId, chunkId }) => ({
      title,
      text,
      score,
      source: { kind: 'document', documentId, chunkId },
    }));
  }
}
