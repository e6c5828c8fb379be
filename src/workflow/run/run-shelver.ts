import { Injectable, Logger } from '@nestjs/common';
import { setTimeout as sleep } from 'node:timers/promises';
import { Database } from '../../platform/database/database.js';
import { isTransient } from '../../platform/database/fault.js';
import type { ActiveRun, PutAside } from './active-run.js';
import { EventRepository } from './event.repository.js';
import type { NewEvent } from './run-event.js';
import { RunConfig } from './run.config.js';
import { RunFeed } from './run-feed.js';
import { RunClaims } from './run-claims.js';
import type { Run } from './run.js';

const RETRY_MS = 500;

/** Lets go of runs that have not ended: put aside to wait, or handed over. Row and last events are one transaction. */
@Injectable()
export class RunShelver {
  private readonly logger = new Logger('RunShelver');

  constructor(
    private readonly database: Database,
    private readonly claims: RunClaims,
    private readonly events: EventRepository,
    private readonly feed: RunFeed,
    private readonly config: RunConfig,
  ) {}

  /**
   * Answers when the run goes on by itself: now, when what it waits for came in the meantime. Nothing happens when another
   * process holds the run by then; while the database is away it is tried again for as long as the lease lasts.
   */
  async shelve(active: ActiveRun, aside: PutAside): Promise<Date | undefined> {
    const { journal, run, executedMs } = active;
    active.record('note', noteOf(aside));
    const tail = journal.take();
    const until = performance.now() + this.config.leaseMs;
    const stored = await this.repeated(
      run,
      () => this.database.transaction(() => this.write(active, aside, tail, executedMs)),
      () => performance.now() < until,
    );
    if (stored) this.feed.publish(run.id, tail);
    return stored?.wakeAt ?? undefined;
  }

  /**
   * Gives the run back unfinished: with what it has done so far, unless its log is not whole. Nothing happens when another
   * process holds it. While the database is away it is tried again for as long as `isPatient` says so: what is not given
   * back waits for the end of its lease, has an attempt less and does again what is not in its log.
   */
  async handOver(
    { journal, run, executedMs }: ActiveRun,
    isLogWhole: boolean,
    isPatient: () => boolean,
  ): Promise<void> {
    const tail = isLogWhole ? journal.take() : [];
    const isOurs = await this.repeated(
      run,
      () =>
        this.database.transaction(async () => {
          if (!(await this.claims.lock(run))) return false;
          if (tail.length > 0) await this.events.appendLocked(run.workspaceId, run.id, tail);
          await this.claims.release(run, executedMs);
          return true;
        }),
      isPatient,
    );
    if (isOurs && tail.length > 0) this.feed.publish(run.id, tail);
  }

  private async repeated<Result>(run: Run, write: () => Promise<Result>, isPatient: () => boolean): Promise<Result> {
    for (; ; await sleep(RETRY_MS)) {
      try {
        return await write();
      } catch (error) {
        if (!isTransient(error) || !isPatient()) throw error;
        this.logger.warn(`Run ${run.id} cannot be let go, trying again: ${String(error)}`);
      }
    }
  }

  /** Locks first, so that the second statement sees every decision that came before. */
  private async write(
    { run }: ActiveRun,
    { status, wakesAt, approvals }: PutAside,
    tail: readonly NewEvent[],
    executedMs: number,
  ): Promise<{ readonly wakeAt: Date | null } | undefined> {
    if (!(await this.claims.lock(run))) return undefined;
    await this.events.appendLocked(run.workspaceId, run.id, tail);
    return this.claims.putAside(run, { status, wakeAt: wakesAt, approvals, executedMs });
  }
}

function noteOf({ status, wakesAt, approvals }: PutAside) {
  const code = status;
  if (status === 'paused') return { code, detail: 'The run is paused until it is resumed.' };
  if (approvals.length > 0)
    return { code, detail: 'The run waits for a person to decide.', approvals, until: wakesAt?.toISOString() };
  return {
    code,
    detail: `The run goes on at ${wakesAt?.toISOString() ?? 'a later time'}.`,
    until: wakesAt?.toISOString(),
  };
}
