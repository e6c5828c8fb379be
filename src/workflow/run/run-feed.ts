import { Injectable } from '@nestjs/common';
import type { LoggedEvent } from './run-event.js';

type Reader = (events: readonly LoggedEvent[]) => void;

/** Tells readers in this process what was just committed. A hint: the log is the truth, and readers fill holes from it. */
@Injectable()
export class RunFeed {
  private readonly readers = new Map<string, Set<Reader>>();
  private readonly own = new Set<string>();

  /** Says that this process executes the run, so that its hints will come. */
  begin(runId: string): void {
    this.own.add(runId);
  }

  /** No more hints will come: readers are sent to the log. */
  end(runId: string): void {
    this.own.delete(runId);
    this.publish(runId, []);
  }

  isOwn(runId: string): boolean {
    return this.own.has(runId);
  }

  publish(runId: string, events: readonly LoggedEvent[]): void {
    for (const reader of this.readers.get(runId) ?? []) reader(events);
  }

  /** Calls `reader` with every batch of the run until the returned function is called. */
  subscribe(runId: string, reader: Reader): () => void {
    const readers = this.readers.get(runId) ?? new Set();
    this.readers.set(runId, readers.add(reader));
    return () => {
      readers.delete(reader);
      if (readers.size === 0 && this.readers.get(runId) === readers) this.readers.delete(runId);
    };
  }

  /** Open subscriptions, for statistics and leak tests. */
  get size(): number {
    return this.readers.size;
  }
}
