import { Injectable } from '@nestjs/common';
import { setTimeout as sleep } from 'node:timers/promises';
import { Database } from '../../platform/database/database.js';
import { isUniqueViolation } from '../../platform/database/fault.js';
import { currentRequest } from '../../platform/http/request-context.js';
import type { Problem } from '../../platform/problem/problem.js';
import { conversationBusy, tooManyRuns } from '../workflow.errors.js';
import { EventRepository } from './event.repository.js';
import { RunConfig } from './run.config.js';
import { RunControl } from './run-control.js';
import type { NewEvent } from './run-event.js';
import { RunExecutor } from './run-executor.js';
import { RunReader } from './run-reader.js';
import type { RunRequest, StartedRun } from './run-request.js';
import { RunRepository, type NewRun } from './run.repository.js';
import { RunStarter } from './run-starter.js';
import { RunSweeper } from './run-sweeper.js';
import type { Run } from './run.js';

const RETRY_AFTER = { 'Retry-After': '1' };
const INTERRUPT_ATTEMPTS = 50;
const INTERRUPT_PAUSE_MS = 100;

/**
 * How a run gets its turn: at once while its user has a place and no other run holds its conversation; else it is refused,
 * waits, or takes the other's place.
 */
@Injectable()
export class RunTurns {
  /** Runs that are being stored. */
  private readonly starting = new Set<NewRun>();

  constructor(
    private readonly database: Database,
    private readonly runs: RunRepository,
    private readonly starter: RunStarter,
    private readonly executor: RunExecutor,
    private readonly control: RunControl,
    private readonly reader: RunReader,
    private readonly sweeper: RunSweeper,
    private readonly events: EventRepository,
    private readonly config: RunConfig,
  ) {}

  /**
   * Stores the run, and lets it begin if it is its turn. The run, what listeners store at its beginning and its `start`
   * event are one transaction. @throws Problem conversation-busy, too-many-runs
   */
  async take(
    run: NewRun,
    { isBackground, prepare, seed, onBusy }: Pick<RunRequest, 'isBackground' | 'prepare' | 'seed' | 'onBusy'>,
    signal?: AbortSignal,
  ): Promise<StartedRun> {
    if (isBackground) return this.enqueue(run, signal, prepare);
    if (prepare || seed) return this.store(run, signal, prepare, seed);
    return onBusy === 'interrupt' ? this.interrupting(run, signal) : this.storeOrEnqueue(run, onBusy, signal);
  }

  private async storeOrEnqueue(
    run: NewRun,
    onBusy: 'reject' | 'enqueue' | undefined,
    signal?: AbortSignal,
  ): Promise<StartedRun> {
    try {
      return await this.store(run, signal);
    } catch (error) {
      if (!isBusy(error)) throw error;
      if (onBusy !== 'enqueue') throw await this.busy(run, error);
      return this.enqueue(run, signal);
    }
  }

  /** Cancels whatever holds the conversation or waits for it, and takes its place. */
  private async interrupting(run: NewRun, signal?: AbortSignal): Promise<StartedRun> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.store(run, signal);
      } catch (error) {
        if (!isBusy(error)) throw error;
        if (attempt === INTERRUPT_ATTEMPTS) throw await this.busy(run, error);
        const holder = await this.aheadOf(run);
        if (!holder) continue;
        await this.control.cancelAhead(run.workspaceId, holder);
        if (attempt > 1) await sleep(INTERRUPT_PAUSE_MS, undefined, { signal });
      }
    }
  }

  private async store(
    newRun: NewRun,
    signal?: AbortSignal,
    prepare?: () => Promise<void>,
    seed: readonly NewEvent[] = [],
  ): Promise<StartedRun> {
    const { others, leave } = this.enter(newRun);
    try {
      const places = this.config.maxRunsPerUser - others;
      const { run, known } = (await this.isAlone(newRun, seed, prepare))
        ? await this.writeAlone(newRun, places)
        : await this.database.transaction(() => this.write(newRun, places, seed, prepare));
      const events = this.reader.follow(run.id, { after: 0, known, signal });
      if (!this.sweeper.leavesRuns) return { run, events, ended: this.executor.launch(run, seed.length > 0) };
      this.sweeper.due(run.id);
      return { run, events };
    } finally {
      leave();
    }
  }

  private async write(newRun: NewRun, places: number, seed: readonly NewEvent[], prepare?: () => Promise<void>) {
    await prepare?.();
    const run = await this.runs.insertRunning(newRun, this.sweeper.lease, places);
    if (!run) throw (await this.aheadOf(newRun)) ? new QueueAhead() : this.tooMany();
    const start = await this.starter.begin(run);
    const seeded = seed.map((event) => reseeded(event, run.id));
    if (seeded.length > 0) await this.events.appendLocked(run.workspaceId, run.id, seeded);
    await currentRequest()?.attachRun?.(run.id);
    return { run, known: [start, ...seeded] };
  }

  private async isAlone(newRun: NewRun, seed: readonly NewEvent[], prepare?: () => Promise<void>): Promise<boolean> {
    return !prepare && seed.length === 0 && !currentRequest()?.attachRun && this.starter.isAlone(newRun);
  }

  /** Nothing else is stored with it: one statement instead of a transaction. */
  private async writeAlone(newRun: NewRun, places: number) {
    const begun = await this.starter.beginAlone(newRun, this.sweeper.lease, places);
    if (!begun) throw this.tooMany();
    return { run: begun.run, known: [begun.start] };
  }

  private async enqueue(newRun: NewRun, signal?: AbortSignal, prepare?: () => Promise<void>): Promise<StartedRun> {
    const run = await this.database.transaction(async () => {
      await prepare?.();
      const run = await this.runs.insertQueued(newRun);
      await currentRequest()?.attachRun?.(run.id);
      return run;
    });
    const events = this.reader.follow(run.id, { after: 0, signal });
    this.sweeper.expect(run);
    return { run, events };
  }

  /**
   * Takes a place for a run that is being stored, so that parallel starts of this process see each other. `others` are
   * the places that the user's runs here hold which came before. @throws Problem too-many-runs; QueueAhead when one of
   * them is for the same conversation
   */
  private enter(run: NewRun): { readonly others: number; readonly leave: () => void } {
    const starting = [...this.starting].filter(({ userId }) => userId === run.userId);
    const executing = this.executor.executing.filter(({ userId }) => userId === run.userId);
    const others = new Set([...executing, ...starting].map(placeOf)).size;
    if (others >= this.config.maxRunsPerUser) {
      const isFirst =
        run.kind !== 'chat' || starting.every(({ conversationId }) => conversationId !== run.conversationId);
      throw isFirst ? this.tooMany() : new QueueAhead();
    }
    this.starting.add(run);
    return { others, leave: () => this.starting.delete(run) };
  }

  private tooMany(): Problem {
    const detail = `${this.config.maxRunsPerUser} of your runs are executing, which is the limit (MAX_RUNS_PER_USER).`;
    return tooManyRuns(detail, { headers: RETRY_AFTER });
  }

  private async busy(run: NewRun, cause: unknown): Promise<Problem> {
    const runId = (await this.aheadOf(run))?.id;
    return conversationBusy(`Run ${runId ?? 'of another request'} holds conversation ${run.conversationId}.`, {
      extensions: { runId, conversationId: run.conversationId },
      headers: RETRY_AFTER,
      cause,
    });
  }

  private async aheadOf({
    kind,
    workspaceId,
    conversationId,
  }: NewRun): Promise<Pick<Run, 'id' | 'status'> | undefined> {
    return kind !== 'chat' || conversationId === undefined ? undefined : this.runs.ahead(workspaceId, conversationId);
  }
}

/** Runs of one conversation execute one after the other: they share a place. */
const placeOf = ({ id, kind, conversationId }: Run | NewRun): string => (kind === 'chat' ? (conversationId ?? id) : id);

/** No run holds the conversation, but one waits for it that came before. */
class QueueAhead extends Error {}

const isBusy = (error: unknown): boolean =>
  error instanceof QueueAhead || isUniqueViolation(error, 'run_holds_conversation');

/** An event of another run as one of this run. */
function reseeded(event: NewEvent, runId: string): NewEvent {
  const data: unknown = JSON.parse(event.data);
  return { ...event, data: JSON.stringify({ ...(data as object), runId }) };
}
