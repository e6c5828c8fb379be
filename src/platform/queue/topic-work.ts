import type { Logger } from '@nestjs/common';
import type { WorkHandler } from './queue-handler.js';

/** Time before the tables are asked again when they held more than there were places. */
const AGAIN_MS = 250;

interface Handling {
  readonly id: string;
  readonly done: Promise<void>;
}

/** The work of one topic in this process: what the queue tells of, and what the tables say is due all the same. */
export class TopicWork {
  private readonly running = new Set<Handling>();
  private readonly stopping = new AbortController();
  private isLooking = false;
  private hasMore = false;
  private isEnding = false;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    readonly topic: string,
    readonly concurrency: number,
    private readonly handler: WorkHandler,
    private readonly logger: Logger,
  ) {}

  /** Handles an id; its failure is logged and nobody else's. */
  run(id: string): Promise<void> {
    const done = this.handle(id).finally(() => this.leave(entry));
    const entry: Handling = { id, done };
    this.running.add(entry);
    return done;
  }

  /** Begins what the tables say is due and nobody here works on, as far as there are free places. */
  async look(): Promise<void> {
    if (!this.handler.due || this.isLooking || this.isEnding || this.free === 0) return;
    this.isLooking = true;
    try {
      const ids = await this.handler.due(this.concurrency);
      if (this.isEnding) return;
      this.hasMore = ids.length >= this.concurrency;
      const known = new Set([...this.running].map(({ id }) => id));
      for (const id of ids.filter((due) => !known.has(due)).slice(0, this.free)) void this.run(id);
    } catch (error) {
      this.logger.warn(`Due ${this.topic} work cannot be read: ${String(error)}`);
    } finally {
      this.isLooking = false;
    }
  }

  /** Looks for nothing more by itself; resolves when nothing is being handled. */
  async end(): Promise<void> {
    this.isEnding = true;
    clearTimeout(this.timer);
    while (this.running.size > 0) await Promise.all([...this.running].map(({ done }) => done));
  }

  /** Asks what is being handled to stop. */
  abort(): void {
    this.stopping.abort(new Error('The process shuts down.'));
  }

  private get free(): number {
    return Math.max(0, this.concurrency - this.running.size);
  }

  private async handle(id: string): Promise<void> {
    try {
      await this.handler.handle(id, this.stopping.signal);
    } catch (error) {
      if (this.stopping.signal.aborted) return;
      const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
      this.logger.error(`The ${this.topic} work ${id} failed: ${text}`);
    }
  }

  private leave(entry: Handling): void {
    this.running.delete(entry);
    if (!this.hasMore || this.isEnding) return;
    this.hasMore = false;
    this.timer = setTimeout(() => void this.look(), AGAIN_MS);
  }
}
