import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable, Logger } from '@nestjs/common';
import { DOCUMENTS_TAG, TaggedCache } from '../../platform/cache/tagged-cache.js';
import { isTransient } from '../../platform/database/fault.js';
import { Problem } from '../../platform/problem/problem.js';
import { QueueHandler, type WorkHandler } from '../../platform/queue/queue-handler.js';
import { WorkQueue } from '../../platform/queue/work-queue.js';
import { documentFailed, documentUnreadable } from '../knowledge.errors.js';
import { ContentStore } from './content-store.js';
import { ClaimLost, DocumentIndexer } from './document-indexer.js';
import {
  DocumentWorkRepository,
  MAX_ATTEMPTS,
  type ClaimedDocument,
  type Postponement,
} from './document-work.repository.js';
import { passingPauseMs } from './passing-fault.js';
import { Places } from './places.js';

export const DOCUMENT_TOPIC = 'document';

/** After a crash it is the time until somebody goes on; work that lasts longer keeps its claim. */
const CLAIM_MS = 30_000;
const KEEP_EVERY_MS = 10_000;
const PAUSE_MS = 2_000;
const RETRY_MS = 1_000;
const TIDY_EVERY_MS = 600_000;

const GIVEN_UP = documentFailed(
  `The document was begun ${MAX_ATTEMPTS} times and its process ended each time. Split it, or process it again.`,
);

/**
 * Works on the documents that are due. At most three attempts each; what is wrong with a document itself ends the first,
 * and one that met a database or a model that is away does not count.
 */
@Injectable()
@QueueHandler({ topic: DOCUMENT_TOPIC, concurrency: 32 })
export class DocumentProcessor implements WorkHandler {
  private readonly logger = new Logger('Document');
  private tidiedAt = -Infinity;

  constructor(
    private readonly work: DocumentWorkRepository,
    private readonly indexer: DocumentIndexer,
    private readonly contents: ContentStore,
    private readonly queue: WorkQueue,
    private readonly cache: TaggedCache,
    private readonly places: Places,
  ) {}

  async due(limit: number): Promise<readonly string[]> {
    if (performance.now() - this.tidiedAt > TIDY_EVERY_MS) {
      this.tidiedAt = performance.now();
      await this.contents.dropAbandoned();
    }
    return this.work.due(limit);
  }

  handle(id: string, signal: AbortSignal): Promise<void> {
    return this.places.within(signal, async () => {
      const document = await this.work.claim(id, CLAIM_MS);
      if (document) await this.process(document, signal);
      else await this.work.giveUp(id, GIVEN_UP.body());
    });
  }

  private async process(document: ClaimedDocument, stop: AbortSignal): Promise<void> {
    const lost = new AbortController();
    const keep = setInterval(() => void this.keep(document, lost), KEEP_EVERY_MS);
    try {
      await this.indexer.index(document, CLAIM_MS, AbortSignal.any([stop, lost.signal]));
      await this.cache.invalidate(document.workspaceId, DOCUMENTS_TAG);
    } catch (error) {
      if (error instanceof ClaimLost || lost.signal.aborted) return;
      if (stop.aborted) await this.work.postpone(document, 0, 'stopped');
      else await this.untilStored(stop, () => this.settle(document, error));
    } finally {
      clearInterval(keep);
    }
  }

  private async keep(document: ClaimedDocument, lost: AbortController): Promise<void> {
    const isHeld = await this.work.progress(document, CLAIM_MS).catch(() => true);
    if (!isHeld) lost.abort(new ClaimLost());
  }

  /** Repeats while the database is away, for as long as the process lives: an attempt that nobody takes back counts. */
  private async untilStored(stop: AbortSignal, store: () => Promise<void>): Promise<void> {
    for (; !stop.aborted; await sleep(RETRY_MS, undefined, { signal: stop })) {
      try {
        return await store();
      } catch (error) {
        if (!isTransient(error)) throw error;
        this.logger.warn(`How a document ended cannot be stored, trying again: ${String(error)}`);
      }
    }
  }

  private async settle(document: ClaimedDocument, error: unknown): Promise<void> {
    const passing = passingPauseMs(error, document.hinderedMs);
    if (passing !== undefined) return this.again(document, passing, 'hindered', error);
    const isFinal = Problem.is(error, documentUnreadable) || document.attempt >= MAX_ATTEMPTS;
    if (isFinal) return this.work.failed(document, this.problemOf(document, error).body());
    await this.again(document, PAUSE_MS * 2 ** (document.attempt - 1), 'failed', error);
  }

  private async again(document: ClaimedDocument, delayMs: number, why: Postponement, error: unknown): Promise<void> {
    if (!(await this.work.postpone(document, delayMs, why))) return;
    this.logger.warn(`Document ${document.id} is tried again in ${Math.round(delayMs / 1_000)} s: ${String(error)}`);
    await this.queue.put(DOCUMENT_TOPIC, document.id, { delayMs });
  }

  private problemOf({ id }: ClaimedDocument, error: unknown): Problem {
    if (error instanceof Problem) return error;
    this.logger.error(
      `Document ${id} failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
    );
    return documentFailed('The document could not be processed. The log says why.', { cause: error });
  }
}
