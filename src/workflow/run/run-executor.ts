import { Injectable, Logger } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import { isDatabaseUnavailable } from '../../platform/database/fault.js';
import type { ChatMessage } from '../../llm/chat-model.js';
import type { GraphExecution, GraphOutcome } from '../graph/compiled-graph.js';
import { limitReached, runCancelled, runQuarantined } from '../workflow.errors.js';
import { ActiveRun, HandedOver } from './active-run.js';
import { DefinitionStore } from './definition-store.js';
import { EventLog } from './event-log.js';
import { EventRepository } from './event.repository.js';
import { RunConfig } from './run.config.js';
import { problemOf, RunEnder, type Ending } from './run-ender.js';
import { RunRepository } from './run.repository.js';
import { RunStarter, startFields } from './run-starter.js';
import type { Run } from './run.js';
import { unfinishedOf } from './unfinished.js';

const MAX_LOG_EVENTS = 1_000_000;
/** A run that was claimed so often and meets a database that is away once more fails with that. */
const MOST_CLAIMS = 20;

/** Executes the runs this process holds, from their claim to their end, and writes what they do into the log. */
@Injectable()
export class RunExecutor {
  private readonly logger = new Logger('RunExecutor');
  private isDraining = false;
  private whenSettled: (run: Run) => void = () => undefined;
  private readonly active = new Map<string, { readonly run: ActiveRun; readonly done: Promise<void> }>();

  constructor(
    private readonly definitions: DefinitionStore,
    private readonly runs: RunRepository,
    private readonly events: EventRepository,
    private readonly log: EventLog,
    private readonly starter: RunStarter,
    private readonly ender: RunEnder,
    private readonly database: Database,
    private readonly config: RunConfig,
  ) {}

  /** Whom to tell when a run is no longer executed here. */
  onSettled(listener: (run: Run) => void): void {
    this.whenSettled = listener;
  }

  /** The runs this process executes now. */
  get executing(): readonly Run[] {
    return [...this.active.values()].map(({ run }) => run.run);
  }

  /** Free places for further runs. */
  get capacity(): number {
    return Math.max(0, this.config.concurrency - this.active.size);
  }

  /** Executes a run whose `start` event this process has just written. */
  launch(run: Run): void {
    this.begin(run, async (active) => active.journal.continueAfter(1));
  }

  /** Executes a run that was claimed: a queued one, or one that a dead or stopped process left. */
  takeOver(run: Run): void {
    this.begin(run, (active) => this.recover(active));
  }

  /** Asks the run to end as cancelled. False when it is not executed here. */
  cancel(runId: string): boolean {
    const found = this.active.get(runId);
    found?.run.stop(runCancelled('The run was cancelled before its end.'));
    return found !== undefined;
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
  private begin(run: Run, prepare: (active: ActiveRun) => Promise<void>): void {
    const former = this.active.get(run.id);
    if (former) {
      this.abandon(former.run.run, 'This process holds the run by a later claim.');
      void former.done.then(() => this.isDraining || this.begin(run, prepare));
      return;
    }
    const active = new ActiveRun(run, run.limits.maxTokens ?? this.config.maxTokens);
    const done = this.work(active, prepare)
      .catch((error: unknown) => {
        this.logger.error(
          `Run ${run.id} is left to be claimed again: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
        );
      })
      .finally(() => {
        this.active.delete(run.id);
        this.whenSettled(run);
      });
    this.active.set(run.id, { run: active, done });
  }

  private async work(active: ActiveRun, prepare: (active: ActiveRun) => Promise<void>): Promise<void> {
    const { run, journal } = active;
    const ending = await this.execute(active, prepare);
    active.end();
    await this.log.close(journal);
    if (ending instanceof HandedOver) await this.runs.release(run, active.executedMs);
    else await this.ender.end(active, ending);
  }

  /** A queued run begins; an interrupted one goes on after what its log holds. */
  private async recover(active: ActiveRun): Promise<void> {
    const { run } = active;
    const events = await this.events.read(run.id, 0, MAX_LOG_EVENTS);
    if (events.length > 0) return active.resume(unfinishedOf(events));
    try {
      await this.database.transaction(async () => {
        if (!(await this.runs.lock(run))) throw new HandedOver('Another process holds the run.');
        await this.starter.begin(run);
      });
      active.journal.continueAfter(1);
    } catch (error) {
      active.record('start', startFields(run));
      throw error;
    }
  }

  private async execute(
    active: ActiveRun,
    prepare: (active: ActiveRun) => Promise<void>,
  ): Promise<Ending | HandedOver> {
    const { run, journal } = active;
    const timer = this.startClock(active);
    try {
      await prepare(active);
      this.log.open(journal, () => active.stop(new HandedOver('Another process holds the run.')));
      if (!journal.isEmpty) this.log.touch(journal);
      this.refuseWhenHopeless(run);
      const outcome = await this.runGraph(active);
      active.signal.throwIfAborted();
      return { outcome };
    } catch (error) {
      const reason: unknown = active.signal.aborted ? active.signal.reason : error;
      if (reason instanceof HandedOver) return reason;
      if (isDatabaseUnavailable(reason) && run.fence < MOST_CLAIMS) return new HandedOver('The database was away.');
      return { problem: problemOf(reason, run, this.logger) };
    } finally {
      clearTimeout(timer);
    }
  }

  private refuseWhenHopeless({ attempt, cancelRequestedAt }: Run): void {
    if (cancelRequestedAt) throw runCancelled('The run was cancelled before its end.');
    if (attempt > this.config.maxAttempts) throw runQuarantined(`The process died in each of ${attempt - 1} attempts.`);
  }

  private async runGraph(active: ActiveRun): Promise<GraphOutcome> {
    const graph = await this.definitions.graphOf(active.run);
    return graph.run(this.executionOf(active));
  }

  private executionOf(active: ActiveRun): GraphExecution {
    const { run, journal, signal } = active;
    const { id, workspaceId, userId, conversationId, messageId, input, limits } = run;
    return {
      run: { id, workspaceId, userId, conversationId: conversationId ?? undefined, messageId: messageId ?? undefined },
      input,
      messages: messagesOf(input),
      nodeTimeoutMs: limits.nodeTimeoutMs ?? this.config.nodeTimeoutMs,
      signal,
      tell: (event) => {
        active.hear(event);
        this.log.touch(journal);
      },
      room: () => (journal.isFull ? this.log.relief(journal, signal) : undefined),
    };
  }

  /** The configured limit counts execution time over all attempts; one the caller set counts from the start on the wall. */
  private startClock(active: ActiveRun): NodeJS.Timeout {
    const { run } = active;
    const own = run.limits.runTimeoutMs;
    const spent = own === undefined ? run.executedMs : Date.now() - (run.startedAt ?? run.createdAt).getTime();
    const limit = own ?? this.config.runTimeoutMs;
    return setTimeout(() => active.stop(limitReached('runTimeoutMs', limit, 'The run')), Math.max(0, limit - spent));
  }
}

/** What a run says to a model before any node added to it: the message of its input, when there is one. */
function messagesOf(input: Readonly<Record<string, unknown>>): readonly ChatMessage[] {
  return typeof input.message === 'string' ? [{ role: 'user', content: input.message }] : [];
}
