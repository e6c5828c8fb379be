import { Injectable, Logger } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import { isDatabaseUnavailable } from '../../platform/database/fault.js';
import { Tracing } from '../../platform/telemetry/tracing.js';
import { problemSlug } from '../../platform/problem/problem.js';
import { Redactor } from '../../security/redaction/workspace.redactor.js';
import { Budgets } from '../../usage/budget/budgets.js';
import { ApprovalRepository } from '../approval/approval.repository.js';
import { ClaimLost } from '../../tool/ledger/tool-call.js';
import { messagesOf } from '../graph/bodies.js';
import type { GraphOutcome } from '../graph/execution.js';
import { limitReached, runCancelled, runQuarantined } from '../workflow.errors.js';
import { ActiveRun, HandedOver, PutAside } from './active-run.js';
import { DefinitionStore } from './definition-store.js';
import { EventLog } from './event-log.js';
import { EventRepository } from './event.repository.js';
import { RunConfig } from './run.config.js';
import { ActiveRunHost } from './run-host.js';
import { RunAnswers } from './run-answers.js';
import { RunMemory } from './run-memory.js';
import { problemOf, RunEnder, type Ending } from './run-ender.js';
import { RunFeed } from './run-feed.js';
import { RunClaims } from './run-claims.js';
import { RunStarter, startFields } from './run-starter.js';
import { RunShelver } from './run-shelver.js';
import { RunTrace } from './run-trace.js';
import { spenderOf, type Run } from './run.js';

const LOG_PAGE = 500;
/** How long a run is tried to be given back while the database is away. */
const MOST_PATIENCE_MS = 600_000;
/** A run that was claimed so often and meets a database that is away once more fails with that. */
const MOST_CLAIMS = 20;

/** Executes the runs this process holds, from their claim to their end, and writes what they do into the log. */
@Injectable()
export class RunExecutor {
  private readonly logger = new Logger('RunExecutor');
  private isDraining = false;
  private whenSettled: (run: Run, wakeAt?: Date) => void = () => undefined;
  private readonly active = new Map<string, Executing>();

  constructor(
    private readonly definitions: DefinitionStore,
    private readonly claims: RunClaims,
    private readonly events: EventRepository,
    private readonly log: EventLog,
    private readonly starter: RunStarter,
    private readonly ender: RunEnder,
    private readonly feed: RunFeed,
    private readonly shelver: RunShelver,
    private readonly approvals: ApprovalRepository,
    private readonly database: Database,
    private readonly config: RunConfig,
    private readonly redactor: Redactor,
    private readonly tracing: Tracing,
    private readonly budgets: Budgets,
    private readonly shares: RunAnswers,
  ) {}

  /** Whom to tell when a run is no longer executed here; with when it goes on by itself, if it was put aside. */
  onSettled(listener: (run: Run, wakeAt?: Date) => void): void {
    this.whenSettled = listener;
  }

  /** The runs this process executes now. */
  get executing(): readonly Run[] {
    return [...this.active.values()].map(({ run }) => run.run);
  }

  /** The claims of the same, and the milliseconds that each is held and that the run has executed. */
  get held(): readonly HeldRun[] {
    return [...this.active.values()].map(({ run }) => ({
      id: run.run.id,
      fence: run.run.fence,
      heldMs: run.heldMs,
      executedMs: run.executedMs,
    }));
  }

  /** Ids of the runs and child runs that go on here. */
  get goingOn(): readonly string[] {
    return [...this.active.values()].flatMap(({ run }) => [run.run.id, ...run.children.ids]);
  }

  /** The approvals that runs here wait for. */
  get pendingApprovals(): readonly string[] {
    return [...this.active.values()].flatMap(({ host }) => host.pendingApprovals);
  }

  /** Free places for further runs. */
  get capacity(): number {
    return Math.max(0, this.config.concurrency - this.active.size);
  }

  /**
   * Executes a run whose beginning this process has just written: its `start` event, and what it is to go on after.
   * Resolves with the run as it is stored at its end; with undefined when it does not end here.
   */
  launch(run: Run, isSeeded = false): Promise<Run | undefined> {
    return this.begin(run, async (active) => {
      if (isSeeded) active.remember(await this.memoryOf(run));
      else active.journal.continueAfter(1);
    });
  }

  /** Executes a run that was claimed: a queued one, or one that a dead or stopped process left. */
  takeOver(run: Run): void {
    void this.begin(run, (active) => this.recover(active));
  }

  /** Asks the run, or the child run, to end as cancelled, if it is executed here. */
  cancel(runId: string): void {
    const found = this.active.get(runId);
    if (found) found.run.cancel();
    else for (const { run } of this.active.values()) if (run.children.ids.includes(runId)) run.cancel(runId);
  }

  /** Asks the run to begin no further step. */
  pause(runId: string): void {
    this.active.get(runId)?.host.pause();
  }

  /** What the run waits for may be there. */
  wake(runId: string): void {
    this.active.get(runId)?.host.wake();
  }

  /** Stops working on a run, as far as it is this claim of it, without a word in its log. */
  abandon({ id, fence }: Pick<Run, 'id' | 'fence'>, reason: string): void {
    const found = this.active.get(id)?.run;
    if (found?.run.fence === fence) found.stop(new HandedOver(reason));
  }

  /** Resolves when the run is no longer executed here; undefined when it is not. */
  settled(runId: string): Promise<void> | undefined {
    return this.active.get(runId)?.done;
  }

  /** Lets runs end for up to `timeoutMs`, then gives back what is left. */
  async drain(timeoutMs: number): Promise<void> {
    this.isDraining = true;
    const all = () => Promise.all([...this.active.values()].map(({ done }) => done));
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, timeoutMs);
    });
    await Promise.race([all(), timeout]);
    clearTimeout(timer);
    for (const run of this.executing) this.abandon(run, 'The process shuts down.');
    await all();
  }

  /** A run that this process still executes under an older claim is let go first: that claim writes nothing any more. */
  private begin(run: Run, prepare: (active: ActiveRun) => Promise<void>): Promise<Run | undefined> {
    const former = this.active.get(run.id);
    if (former) {
      this.abandon(former.run.run, 'This process holds the run by a later claim.');
      return former.done.then(() => this.begin(run, prepare));
    }
    const active = new ActiveRun(run, {
      maxTokens: run.limits.maxTokens ?? this.config.maxTokens,
      maxToolCalls: run.limits.maxToolCalls ?? this.config.maxToolCalls,
      maxStepBytes: this.config.maxStepBytes,
    });
    const trace = this.tracing.isOn ? new RunTrace(this.tracing, run) : undefined;
    const host = new ActiveRunHost(active, this.log, this.approvals, this.budgets, this.shares, trace);
    let wakeAt: Date | undefined;
    const done = this.work(active, host, prepare)
      .then((until) => {
        wakeAt = until;
      })
      .catch((error: unknown) => {
        this.logger.error(
          `Run ${run.id} is left to be claimed again: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
        );
      })
      .finally(() => {
        trace?.finish(...endOf(active));
        this.feed.end(run.id);
        this.active.delete(run.id);
        this.whenSettled(run, wakeAt);
      });
    this.active.set(run.id, { run: active, host, done });
    return done.then(() => active.ended);
  }

  /** Answers when the run goes on by itself, when it was put aside. */
  private async work(
    active: ActiveRun,
    host: ActiveRunHost,
    prepare: (active: ActiveRun) => Promise<void>,
  ): Promise<Date | undefined> {
    const { journal } = active;
    if (this.isDraining) active.stop(new HandedOver('The process shuts down.'));
    const ending = await this.execute(active, host, prepare);
    active.end();
    const log = await this.log.close(journal);
    if (log === 'broken' || ending instanceof HandedOver) await this.handOver(active, log === 'whole');
    else if (ending instanceof PutAside) return this.shelver.shelve(active, ending);
    else {
      active.ended = await this.ender.end(active, ending);
      if (!active.ended && active.signal.reason instanceof HandedOver) await this.handOver(active, false);
    }
    return undefined;
  }

  private async handOver(active: ActiveRun, isLogWhole: boolean): Promise<void> {
    const until = performance.now() + MOST_PATIENCE_MS;
    await this.shelver.handOver(active, isLogWhole, () => !this.isDraining && performance.now() < until);
  }

  /** A queued run begins; one that was begun or interrupted goes on after what its log holds. */
  private async recover(active: ActiveRun): Promise<void> {
    const { run } = active;
    const memory = await this.memoryOf(run);
    if (memory.lastSeq > 0) {
      // The first claim of a run whose beginning another process wrote: nothing of it was executed.
      if (run.fence === 1) active.remember(memory);
      else active.resume(memory);
      for (const id of await this.claims.childrenToCancel(run.id)) active.cancel(id);
      return;
    }
    try {
      await this.database.transaction(async () => {
        if (!(await this.claims.lock(run))) throw new HandedOver('Another process holds the run.');
        await this.starter.begin(run);
      });
      active.journal.continueAfter(1);
    } catch (error) {
      active.record('start', startFields(run));
      throw error;
    }
  }

  private async memoryOf({ id }: Run): Promise<RunMemory> {
    const memory = new RunMemory();
    for (let full = true; full;) {
      const page = await this.events.readKept(id, memory.lastSeq, LOG_PAGE);
      memory.read(page);
      full = page.length === LOG_PAGE;
    }
    return memory;
  }

  private async execute(
    active: ActiveRun,
    host: ActiveRunHost,
    prepare: (active: ActiveRun) => Promise<void>,
  ): Promise<Ending | HandedOver | PutAside> {
    const { run, journal } = active;
    const timer = this.startClock(active, host);
    try {
      active.signal.throwIfAborted();
      active.protect(await this.redactor.guardOf(run.workspaceId));
      await prepare(active);
      this.log.open(journal, () => active.stop(new HandedOver('Another process holds the run.')));
      if (!journal.isEmpty) this.log.touch(journal);
      this.refuseWhenHopeless(run);
      const outcome = await this.runGraph(active, host);
      active.signal.throwIfAborted();
      return { outcome };
    } catch (error) {
      const reason: unknown = active.signal.aborted ? active.signal.reason : error;
      if (reason instanceof HandedOver || reason instanceof PutAside) return reason;
      if (reason instanceof ClaimLost) return new HandedOver(reason.message);
      if (isDatabaseUnavailable(reason) && active.claims < MOST_CLAIMS) return new HandedOver('The database was away.');
      return { problem: problemOf(reason, run, this.logger) };
    } finally {
      clearTimeout(timer);
    }
  }

  private refuseWhenHopeless({ attempt, cancelRequestedAt }: Run): void {
    if (cancelRequestedAt) throw runCancelled('The run was cancelled before its end.');
    if (attempt > this.config.maxAttempts) throw runQuarantined(`The process died in each of ${attempt - 1} attempts.`);
  }

  private async runGraph(active: ActiveRun, host: ActiveRunHost): Promise<GraphOutcome> {
    const { run, signal, reached } = active;
    const graph = await this.definitions.graphOf(run);
    const { id, workspaceId, userId, conversationId, messageId, input, limits } = run;
    return graph.run({
      run: {
        id,
        workspaceId,
        userId,
        workflow: spenderOf(run).workflow,
        conversationId: conversationId ?? undefined,
        messageId: messageId ?? undefined,
        claim: { runId: id, fence: run.fence },
      },
      path: [],
      input,
      variables: {},
      messages: messagesOf(input),
      nodeTimeoutMs: limits.nodeTimeoutMs ?? this.config.nodeTimeoutMs,
      signal,
      host,
      reached,
    });
  }

  /** The configured limit counts execution time over all attempts; one the caller set counts from the start on the wall. */
  private startClock(active: ActiveRun, host: ActiveRunHost): NodeJS.Timeout {
    const { run } = active;
    const own = run.limits.runTimeoutMs;
    const begun = (run.startedAt ?? run.createdAt).getTime();
    const spent = own === undefined ? run.executedMs : Date.now() - begun;
    if (own !== undefined) host.deadline(new Date(begun + own));
    const limit = own ?? this.config.runTimeoutMs;
    return setTimeout(() => active.stop(limitReached('runTimeoutMs', limit, 'The run')), Math.max(0, limit - spent));
  }
}

/** How the trace of an attempt says that it ended: as what, and by which problem. */
function endOf({ ended, signal }: ActiveRun): [status: string, errorType: string | undefined] {
  if (ended) return [ended.status, ended.problem ? problemSlug(ended.problem) : undefined];
  const reason: unknown = signal.reason;
  return [reason instanceof PutAside ? reason.status : 'handedOver', undefined];
}

/** The claim of a run that is executed here. */
interface HeldRun extends Pick<Run, 'id' | 'fence' | 'executedMs'> {
  readonly heldMs: number;
}

/** A run that is executed here. */
interface Executing {
  readonly run: ActiveRun;
  readonly host: ActiveRunHost;
  readonly done: Promise<void>;
}
