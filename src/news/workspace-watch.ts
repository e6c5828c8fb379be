import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { isTransient } from '../platform/database/fault.js';
import { untilAborted } from '../platform/clock/deadline.js';
import { StreamInterrupted } from '../platform/http/event-stream.js';
import type { WorkspaceEventRepository } from './workspace-event.repository.js';
import type { WorkspaceEvent } from './workspace-event.js';

const LOOK_EVERY_MS = 500;
/** Rows say when their transaction began and are seen once it has committed. */
export const LATE_MS = 10_000;
/** So many events are kept for listeners that are behind. */
const KEPT = 2_000;
const BATCH = 200;
const RETRY_MS = 1_000;

/**
 * What happens in one workspace from now on, by looking, for any number of listeners. Each holds no more than its place
 * among the events that are kept for all.
 */
export class WorkspaceWatch {
  private readonly logger = new Logger('WorkspaceWatch');
  private readonly kept: WorkspaceEvent[] = [];
  private readonly known = new Map<string, number>();
  private dropped = 0;
  private from = 0;
  private fault: Error | undefined;
  private news = Promise.withResolvers<void>();

  private constructor(
    private readonly workspaceId: string,
    private readonly events: Pick<WorkspaceEventRepository, 'now' | 'since'>,
    private readonly end: AbortSignal,
  ) {
    end.addEventListener('abort', () => this.tell(), { once: true });
  }

  /** Answers once it knows what has happened so far: what is committed after that is told. It goes on until `end`. */
  static async begin(
    workspaceId: string,
    events: Pick<WorkspaceEventRepository, 'now' | 'since'>,
    end: AbortSignal,
  ): Promise<WorkspaceWatch> {
    const watch = new WorkspaceWatch(workspaceId, events, end);
    watch.from = (await events.now()) - LATE_MS;
    await watch.look(() => undefined);
    void watch.goOn();
    return watch;
  }

  /** The place of what comes next. */
  get place(): number {
    return this.dropped + this.kept.length;
  }

  /** What is told from now on did not happen before this time. */
  get since(): number {
    return this.from;
  }

  /** What comes at and after a place, until the watch ends or the listener leaves. @throws StreamInterrupted when it is too far behind */
  async *after(place: number, leave: AbortSignal): AsyncGenerator<readonly WorkspaceEvent[]> {
    while (!leave.aborted) {
      const skipped = place - this.dropped;
      if (skipped < 0) throw new StreamInterrupted(RETRY_MS);
      const batch = this.kept.slice(skipped, skipped + BATCH);
      place += batch.length;
      if (batch.length > 0) yield batch;
      else if (this.fault !== undefined) throw this.fault;
      else if (this.end.aborted) return;
      else await untilAborted(leave, this.news.promise).catch(() => undefined);
    }
  }

  private async goOn(): Promise<void> {
    while (!this.end.aborted && this.fault === undefined) {
      await sleep(LOOK_EVERY_MS, undefined, { signal: this.end }).catch(() => undefined);
      if (this.end.aborted) return;
      try {
        await this.look((event) => this.keep(event));
      } catch (error) {
        // While the database is away the next look begins where the last one that succeeded did.
        if (!isTransient(error)) this.fail(error);
      }
    }
  }

  private async look(tell: (event: WorkspaceEvent) => void): Promise<void> {
    let readAt: number | undefined;
    for await (const page of this.events.since(this.workspaceId, this.from)) {
      readAt ??= page.readAt;
      for (const event of page.events) {
        if (this.known.has(event.seq)) continue;
        this.known.set(event.seq, event.at);
        tell(event);
      }
      this.tell();
    }
    this.from = Math.max(this.from, (readAt ?? 0) - LATE_MS);
    for (const [id, at] of this.known) if (at < this.from) this.known.delete(id);
  }

  private fail(error: unknown): void {
    this.logger.error(`Looking at workspace ${this.workspaceId} failed: ${String(error)}`);
    this.fault = error instanceof Error ? error : new Error(String(error));
    this.tell();
  }

  private keep(event: WorkspaceEvent): void {
    this.kept.push(event);
    if (this.kept.length <= 2 * KEPT) return;
    this.dropped += KEPT;
    this.kept.splice(0, KEPT);
  }

  private tell(): void {
    this.news.resolve();
    this.news = Promise.withResolvers<void>();
  }
}
