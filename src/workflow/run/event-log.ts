import { Injectable, Logger } from '@nestjs/common';
import { setTimeout as sleep } from 'node:timers/promises';
import { isTransient } from '../../platform/database/fault.js';
import { withoutRequest } from '../../platform/http/request-context.js';
import { EventRepository, type EventBatch } from './event.repository.js';
import { RunConfig } from './run.config.js';
import { RunFeed } from './run-feed.js';
import type { RunJournal } from './run-journal.js';

/** Least time between two writes. */
const SPACING_MS = 5;
/** What comes within this long after news is written with it: often the whole of a short answer. */
const NEWS_DELAY_MS = 2;
const RETRY_MS = 500;
/** One try alone may hang for longer than a lease. */
const LEAST_TRIES = 2;

interface Writer {
  readonly journal: RunJournal;
  readonly onFenced: () => void;
  lastFlushAt: number;
  /** The number of the last event known to be in the log. */
  writtenTo: number;
  /** Events of it could not be written: what comes after them must not be. */
  isBroken: boolean;
}

/**
 * Group commit: one multi-row insert for all runs of the process. An event of a run that was quiet is written at once,
 * others at most `EVENT_FLUSH_MS` later with whatever else waits. Readers hear of events only after their commit.
 */
@Injectable()
export class EventLog {
  private readonly logger = new Logger('EventLog');
  private readonly waiting = new Set<Writer>();
  private readonly writers = new Map<string, Writer>();
  private inFlight: Promise<void> | undefined;
  private timer: NodeJS.Timeout | undefined;
  private dueAt = Infinity;
  private lastFlushAt = 0;

  constructor(
    private readonly events: EventRepository,
    private readonly feed: RunFeed,
    private readonly config: RunConfig,
  ) {}

  /** Registers the journal of a run this process executes. `onFenced` is called when another process owns it now. */
  open(journal: RunJournal, onFenced: () => void): void {
    this.feed.begin(journal.runId);
    this.writers.set(journal.runId, {
      journal,
      onFenced,
      lastFlushAt: 0,
      writtenTo: journal.lastTaken,
      isBroken: false,
    });
  }

  /** Says that the journal holds something to write. */
  touch(journal: RunJournal): void {
    const writer = this.writers.get(journal.runId);
    if (!writer || writer.journal !== journal) return;
    this.waiting.add(writer);
    const now = performance.now();
    const isNews = now - writer.lastFlushAt >= this.config.flushMs && journal.hasNews;
    const due = isNews ? Math.max(now + NEWS_DELAY_MS, this.lastFlushAt + SPACING_MS) : now + this.config.flushMs;
    this.schedule(due, now);
  }

  /** Resolves when all that the journal holds now is written: at once, together with what other runs have waiting. */
  async settle(journal: RunJournal): Promise<void> {
    const { last } = journal;
    for (;;) {
      const writer = this.writerOf(journal);
      if (!writer || writer.isBroken || writer.writtenTo >= last) return;
      this.waiting.add(writer);
      if (!this.inFlight) {
        clearTimeout(this.timer);
        this.flush();
      }
      await this.inFlight;
    }
  }

  private writerOf(journal: RunJournal): Writer | undefined {
    const writer = this.writers.get(journal.runId);
    return writer?.journal === journal ? writer : undefined;
  }

  /**
   * Resolves when nothing of the journal is on its way; it is then no longer written here, and what waits stays in it.
   * Readers are not told: they hear of the run's last events, which others write, before the feed ends. When it is broken,
   * events were lost: what waits must not be written either.
   */
  async close(journal: RunJournal): Promise<'whole' | 'broken' | 'unopened'> {
    const writer = this.writerOf(journal);
    if (writer) {
      this.writers.delete(journal.runId);
      this.waiting.delete(writer);
    }
    await this.inFlight;
    if (!writer) return 'unopened';
    return writer.isBroken ? 'broken' : 'whole';
  }

  /** Waits while the journal is full: the database does not keep up, or is away. @throws the reason of `signal` */
  async relief(journal: RunJournal, signal: AbortSignal): Promise<void> {
    while (journal.isFull) await (this.inFlight ?? sleep(SPACING_MS, undefined, { signal }));
  }

  private schedule(due: number, now: number): void {
    if (due >= this.dueAt) return;
    clearTimeout(this.timer);
    this.dueAt = due;
    this.timer = setTimeout(() => this.flush(), Math.max(0, due - now));
  }

  private flush(): void {
    this.timer = undefined;
    this.dueAt = Infinity;
    if (this.inFlight) return;
    const writers = [...this.waiting].filter(({ journal, isBroken }) => !isBroken && !journal.isEmpty);
    this.waiting.clear();
    if (writers.length === 0) return;
    this.lastFlushAt = performance.now();
    this.inFlight = withoutRequest(() => this.write(writers)).finally(() => {
      this.inFlight = undefined;
      const now = performance.now();
      if (this.waiting.size > 0) this.schedule(Math.max(now, this.lastFlushAt + SPACING_MS), now);
    });
  }

  private async write(writers: readonly Writer[]): Promise<void> {
    const batches = writers.map(({ journal }) => ({
      runId: journal.runId,
      fence: journal.fence,
      events: journal.take(),
    }));
    for (const writer of writers) writer.lastFlushAt = this.lastFlushAt;
    const held = await this.appended(batches);
    for (const [index, { runId, events }] of batches.entries()) {
      const writer = writers[index];
      if (!writer) continue;
      if (held.has(runId)) {
        writer.writtenTo = events.at(-1)?.seq ?? writer.writtenTo;
        this.feed.publish(runId, events);
      } else {
        writer.isBroken = true;
        writer.onFenced();
      }
    }
  }

  /**
   * Repeats an append until the database takes it, for as long as a lease lasts: after that the runs may be another
   * process's. Events that the database refuses cost their own run only. Answers the runs whose events are written.
   */
  private async appended(batches: readonly EventBatch[]): Promise<ReadonlySet<string>> {
    const until = performance.now() + this.config.leaseMs;
    for (let tries = 0; tries < LEAST_TRIES || performance.now() < until; await sleep(RETRY_MS)) {
      tries += 1;
      try {
        return await this.events.append(batches);
      } catch (error) {
        this.logger.warn(`Events cannot be written: ${error instanceof Error ? error.message : String(error)}`);
        if (!isTransient(error) && batches.length > 1) return this.appendedEach(batches);
        if (!isTransient(error)) return new Set();
      }
    }
    return new Set();
  }

  private async appendedEach(batches: readonly EventBatch[]): Promise<ReadonlySet<string>> {
    const written = await Promise.all(batches.map((batch) => this.appended([batch])));
    return new Set(written.flatMap((ids) => [...ids]));
  }
}
