import { Injectable } from '@nestjs/common';
import { setTimeout as sleep } from 'node:timers/promises';
import { newId } from '../../platform/clock/id.js';
import { Database } from '../../platform/database/database.js';
import { isUniqueViolation } from '../../platform/database/fault.js';
import { Lifecycle } from '../../platform/health/lifecycle.js';
import type { Principal } from '../../platform/http/principal.js';
import { currentRequest } from '../../platform/http/request-context.js';
import { notFound, validationFailed } from '../../platform/problem/http.errors.js';
import type { Problem } from '../../platform/problem/problem.js';
import type { Definition } from '../definition/definition.js';
import { conversationBusy, shuttingDown, tooManyRuns } from '../workflow.errors.js';
import { DefinitionStore } from './definition-store.js';
import { EventRepository } from './event.repository.js';
import { RunConfig } from './run.config.js';
import { isLast, type LoggedEvent } from './run-event.js';
import { RunEnder } from './run-ender.js';
import { RunExecutor } from './run-executor.js';
import { RunReader } from './run-reader.js';
import { RunRepository, type NewRun } from './run.repository.js';
import { RunStarter } from './run-starter.js';
import { RunSweeper } from './run-sweeper.js';
import { isEnded, type Run, type RunKind, type RunLimits } from './run.js';

export interface RunRequest {
  readonly kind: RunKind;
  readonly workflow: { readonly id?: string; readonly name?: string; readonly version?: number };
  readonly definition: Definition;
  readonly input: Readonly<Record<string, unknown>>;
  readonly conversationId?: string;
  readonly messageId?: string;
  readonly limits?: RunLimits;
  readonly metadata?: Readonly<Record<string, unknown>>;
  /** Stores what must be stored with the run, first in its transaction. */
  readonly prepare?: () => Promise<void>;
  /** What to do when another run holds the conversation. */
  readonly onBusy?: 'reject' | 'enqueue' | 'interrupt';
}

/** A run that was just made, and its events from the first on. */
export interface StartedRun {
  readonly run: Run;
  readonly events: AsyncGenerator<readonly LoggedEvent[], void>;
}

const RETRY_AFTER = { 'Retry-After': '1' };
const INTERRUPT_ATTEMPTS = 50;
const INTERRUPT_PAUSE_MS = 100;
const CANCEL_WAIT_MS = 3_000;

/** Starts, follows and ends runs. `start` answers once the run is durable; it then goes on whoever listens. */
@Injectable()
export class WorkflowExecutionService {
  private readonly starting = new Map<string, number>();

  constructor(
    private readonly database: Database,
    private readonly definitions: DefinitionStore,
    private readonly runs: RunRepository,
    private readonly starter: RunStarter,
    private readonly executor: RunExecutor,
    private readonly ender: RunEnder,
    private readonly reader: RunReader,
    private readonly sweeper: RunSweeper,
    private readonly events: EventRepository,
    private readonly lifecycle: Lifecycle,
    private readonly config: RunConfig,
  ) {}

  /**
   * Makes a run and lets it begin. The run, what listeners store at its beginning and its `start` event are one
   * transaction. @throws Problem conversation-busy, too-many-runs, requirements-unmet, shutting-down
   */
  async start(caller: Principal, request: RunRequest, signal?: AbortSignal): Promise<StartedRun> {
    if (this.lifecycle.isDraining)
      throw shuttingDown('This process is shutting down. Repeat the request.', { headers: RETRY_AFTER });
    this.checkLimits(request.limits);
    const hash = await this.definitions.keep(caller.workspaceId, request.definition);
    const run = newRun(caller, request, hash);
    if (request.prepare) return this.store(run, signal, request.prepare);
    return request.onBusy === 'interrupt'
      ? this.interrupting(run, signal)
      : this.storeOrEnqueue(run, request.onBusy, signal);
  }

  /** A run of the caller's workspace. @throws Problem not-found */
  async get(caller: Principal, id: string): Promise<Run> {
    const run = await this.runs.find(caller.workspaceId, id);
    if (!run) throw notFound(`There is no run ${id} in this workspace.`);
    return run;
  }

  /** The run's events after `after`, followed to the end. @throws Problem not-found, validation-failed beyond the log */
  async follow(
    caller: Principal,
    id: string,
    after: number,
    signal?: AbortSignal,
  ): Promise<AsyncGenerator<readonly LoggedEvent[], void>> {
    const run = await this.get(caller, id);
    return (await this.isAtEnd(run, after)) ? nothing() : this.reader.follow(run.id, { after, signal });
  }

  /** Events after `after`, at most `limit`, without waiting for more. */
  async page(caller: Principal, id: string, after: number, limit: number): Promise<readonly LoggedEvent[]> {
    const run = await this.get(caller, id);
    return this.events.read(run.id, after, limit);
  }

  /**
   * Ends the run as cancelled, if it has not ended; waits up to 3 s for it and answers the run as it is then. Never part
   * of a transaction: the end it waits for could not be written beside one that has changed the run.
   */
  cancel(caller: Principal, id: string): Promise<Run> {
    return this.database.detached(() => this.cancelNow(caller, id));
  }

  private async cancelNow(caller: Principal, id: string): Promise<Run> {
    const run = await this.runs.requestCancel(caller.workspaceId, id);
    if (!run) throw notFound(`There is no run ${id} in this workspace.`);
    if (isEnded(run.status)) return run;
    if (run.status === 'queued') await this.ender.cancelQueued(run);
    this.executor.cancel(run.id);
    return this.settledWithin(run, CANCEL_WAIT_MS);
  }

  private async settledWithin(run: Run, timeoutMs: number): Promise<Run> {
    const until = Date.now() + timeoutMs;
    for (let now = run; ; now = (await this.runs.find(run.workspaceId, run.id)) ?? run) {
      if (isEnded(now.status) || Date.now() >= until) return now;
      const pause = sleep(INTERRUPT_PAUSE_MS);
      await Promise.race([pause, this.executor.settled(run.id) ?? pause]);
    }
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
        await this.runs.requestCancel(run.workspaceId, holder.id);
        if (holder.status === 'queued') await this.ender.cancelQueued(holder);
        this.executor.cancel(holder.id);
        await this.executor.settled(holder.id);
        if (attempt > 1) await sleep(INTERRUPT_PAUSE_MS, undefined, { signal });
      }
    }
  }

  private async store(newRun: NewRun, signal?: AbortSignal, prepare?: () => Promise<void>): Promise<StartedRun> {
    const { others, leave } = this.enter(newRun.userId);
    try {
      const { run, start } = await this.database.transaction(async () => {
        await prepare?.();
        const run = await this.runs.insertRunning(newRun, this.sweeper.lease, this.config.maxRunsPerUser - others);
        if (!run) throw (await this.aheadOf(newRun)) ? new QueueAhead() : this.tooMany();
        const start = await this.starter.begin(run);
        await currentRequest()?.attachRun?.(run.id);
        return { run, start };
      });
      const events = this.reader.follow(run.id, { after: 0, known: [start], signal });
      this.executor.launch(run);
      return { run, events };
    } finally {
      leave();
    }
  }

  private async enqueue(newRun: NewRun, signal?: AbortSignal): Promise<StartedRun> {
    const run = await this.database.transaction(async () => {
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
   * the user's runs here that came before. @throws Problem too-many-runs
   */
  private enter(userId: string): { readonly others: number; readonly leave: () => void } {
    const starting = this.starting.get(userId) ?? 0;
    const others = this.executor.executing.filter((run) => run.userId === userId).length + starting;
    if (others >= this.config.maxRunsPerUser) throw this.tooMany();
    this.starting.set(userId, starting + 1);
    const leave = (): void => {
      const left = (this.starting.get(userId) ?? 1) - 1;
      if (left === 0) this.starting.delete(userId);
      else this.starting.set(userId, left);
    };
    return { others, leave };
  }

  private tooMany(): Problem {
    const detail = `${this.config.maxRunsPerUser} of your runs are executing, which is the limit (MAX_RUNS_PER_USER).`;
    return tooManyRuns(detail, { headers: RETRY_AFTER });
  }

  private checkLimits(limits: RunLimits = {}): void {
    const { runTimeoutMs, nodeTimeoutMs, maxToolCalls, maxTokens } = this.config;
    const configured = { runTimeoutMs, nodeTimeoutMs, maxToolCalls, maxTokens };
    const faults = Object.entries(configured)
      .filter(([name, value]) => (limits[name as keyof RunLimits] ?? 0) > value)
      .map(([name, value]) => ({
        pointer: `/limits/${name}`,
        detail: `must not exceed the configured limit of ${value}`,
      }));
    if (faults.length > 0) throw validationFailed(faults);
  }

  /** Whether the log ends with event `after`. @throws Problem validation-failed beyond the log */
  private async isAtEnd(run: Run, after: number): Promise<boolean> {
    if (after === 0) return false;
    const last = await this.events.last(run.id);
    if (last?.seq === after) return isLast(last.type);
    if (last && after < last.seq) return false;
    const detail = last
      ? `is beyond the log, whose last event is ${last.seq}`
      : 'is beyond the log, which is still empty';
    throw validationFailed([{ pointer: '/after', detail }]);
  }

  private async busy(run: NewRun, cause: unknown): Promise<Problem> {
    const runId = (await this.aheadOf(run))?.id;
    return conversationBusy(`Run ${runId ?? 'of another request'} holds conversation ${run.conversationId}.`, {
      extensions: { runId, conversationId: run.conversationId },
      headers: RETRY_AFTER,
      cause,
    });
  }

  private async aheadOf({ workspaceId, conversationId }: NewRun): Promise<Pick<Run, 'id' | 'status'> | undefined> {
    return conversationId === undefined ? undefined : this.runs.ahead(workspaceId, conversationId);
  }
}

/** No run holds the conversation, but one waits for it that came before. */
class QueueAhead extends Error {}

const isBusy = (error: unknown): boolean =>
  error instanceof QueueAhead || isUniqueViolation(error, 'run_holds_conversation');

async function* nothing(): AsyncGenerator<never, void> {}

const newRun = (caller: Principal, request: RunRequest, hash: string): NewRun => ({
  id: newId(),
  workspaceId: caller.workspaceId,
  userId: caller.userId,
  kind: request.kind,
  workflow: { ...request.workflow, hash },
  conversationId: request.conversationId,
  messageId: request.messageId,
  input: request.input,
  limits: request.limits ?? {},
  metadata: request.metadata ?? {},
});
