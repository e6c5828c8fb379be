import { Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { untilAborted } from '../platform/clock/deadline.js';
import { PluginRegistry } from '../platform/plugin/plugin.registry.js';
import { Problem } from '../platform/problem/problem.js';
import { retrievalFailed } from './knowledge.errors.js';
import {
  Retriever,
  type RetrievalRequest,
  type RetrievedChunk,
  type RetrieverOptions,
  type RetrieverPlugin,
} from './retriever.js';

/** The search in documents, whichever retriever does it. */
@Injectable()
export class Retrieval implements OnModuleInit {
  private readonly logger = new Logger('Retrieval');
  private retriever: RetrieverPlugin | undefined;

  constructor(private readonly plugins: PluginRegistry) {}

  onModuleInit(): void {
    const found = this.plugins.find<RetrieverPlugin, RetrieverOptions | void>(Retriever);
    this.retriever = (found.find(({ options }) => !options?.isDefault) ?? found[0])?.plugin;
  }

  /** Whether this server has a retriever. */
  get isAvailable(): boolean {
    return this.retriever !== undefined;
  }

  /** At most `limit` chunks, best first. @throws Problem, or the signal's reason */
  async retrieve(request: RetrievalRequest): Promise<readonly RetrievedChunk[]> {
    const { retriever } = this;
    const { signal, limit } = request;
    signal.throwIfAborted();
    if (!retriever) throw retrievalFailed('This server has no retriever.');
    try {
      const chunks = await untilAborted(signal, retriever.retrieve(request));
      return chunks.slice(0, limit);
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof Problem) throw error;
      this.logger.error(`A search failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
      throw retrievalFailed('The documents could not be searched. The log says why.', { cause: error });
    }
  }
}
