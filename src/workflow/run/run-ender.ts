import { Injectable, Logger } from '@nestjs/common';
import { setTimeout as sleep } from 'node:timers/promises';
import { Database } from '../../platform/database/database.js';
import { isTransient } from '../../platform/database/fault.js';
import { EventBus } from '../../platform/event/event-bus.js';
import { currentRequest } from '../../platform/http/request-context.js';
import { Problem, type ProblemBody } from '../../platform/problem/problem.js';
import type { GraphOutcome } from '../graph/compiled-graph.js';
import { isTimeLimit, runCancelled, runFailed } from '../workflow.errors.js';
import { HandedOver, type ActiveRun } from './active-run.js';
import { EventRepository } from './event.repository.js';
import type { LoggedEvent } from './run-event.js';
import { RunEnding } from './run.events.js';
import { RunFeed } from './run-feed.js';
import { RunRepository } from './run.repository.js';
import { RunJournal } from './run-journal.js';
import { startFields } from './run-starter.js';
import type { EndStatus, Run } from './run.js';

const RETRY_MS = 500;

/** How the work on a run ended. */
export type Ending = { readonly outcome: GraphOutcome } | { readonly problem: Problem };

/** Writes the end of a run: its row, what listeners store for it and its last events, all in one transaction. */
@Injectable()
export class RunEnder {
  private readonly logger = new Logger('RunEnder');

  constructor(
    private readonly database: Database,
    private readonly bus: EventBus,
    private readonly runs: RunRepository,
    private readonly events: EventRepository,
    private readonly feed: RunFeed,
  ) {}

  /** Nothing happens when another process holds the run by then. A listener that refuses the end fails the run with its problem. */
  async end(active: ActiveRun, ending: Ending): Promise<void> {
    const tail = active.journal.take();
    try {
      await this.writeUntilTaken(active, ending, tail);
    } catch (error) {
      if ('problem' in ending) throw error;
      await this.writeUntilTaken(active, { problem: problemOf(error, active.run, this.logger) }, tail);
    }
  }

  /** Repeats while the database is away or busy, as long as the run's lease lasts. */
  private async writeUntilTaken(active: ActiveRun, ending: Ending, tail: readonly LoggedEvent[]): Promise<void> {
    while (!(active.signal.reason instanceof HandedOver)) {
      try {
        const last = await this.database.transaction(() => this.write(active, ending, tail));
        if (last) this.feed.publish(active.run.id, [...tail, last]);
        return;
      } catch (error) {
        if (!isTransient(error)) throw error;
        this.logger.warn(`The end of run ${active.run.id} cannot be written, trying again: ${String(error)}`);
        await sleep(RETRY_MS);
      }
    }
  }

  /** Ends a run that has not begun; its log tells no more than that. Nothing happens when it is no longer queued. */
  async cancelQueued({ id }: Pick<Run, 'id'>): Promise<void> {
    const problem = endProblem(runCancelled('The run was cancelled before it began.'), id);
    const events = await this.database.transaction(async () => {
      const run = await this.runs.cancelQueued(id, problem);
      if (!run) return undefined;
      const journal = new RunJournal(id, run.fence);
      journal.record('start', startFields(run), new Date());
      const events = [...journal.take(), journal.draft('error', { problem }, new Date())];
      await this.events.appendLocked(run.workspaceId, id, events);
      return events;
    });
    if (events) this.feed.publish(id, events);
  }

  private async write(
    active: ActiveRun,
    ending: Ending,
    tail: readonly LoggedEvent[],
  ): Promise<LoggedEvent | undefined> {
    const { journal, run, usage, cost, executedMs } = active;
    const status = statusOf(ending);
    const output = 'outcome' in ending ? ending.outcome.output : active.partialOutput;
    const problem = 'problem' in ending ? endProblem(ending.problem, run.id) : null;
    const stored = await this.runs.end(run, { status, output, problem, usage, cost, executedMs });
    if (!stored) return undefined;
    const finishReason = 'outcome' in ending ? ending.outcome.finishReason : undefined;
    const event = new RunEnding(stored, { status, output, finishReason, model: active.model });
    await this.bus.publish(event);
    const last = problem
      ? journal.draft('error', { problem }, new Date())
      : journal.draft(
          'complete',
          { output, ...event.completeFields, usage, cost, durationMs: stored.durationMs, finishReason },
          new Date(),
        );
    await this.events.appendLocked(run.workspaceId, run.id, [...tail, last]);
    return last;
  }
}

/** The problem as row and log keep it; a wait it asks for is a member, since a log has no headers. */
function endProblem(problem: Problem, runId: string): ProblemBody {
  const retryAfterSeconds = Number(problem.headers['Retry-After']);
  return {
    ...problem.body(),
    instance: `/api/v1/runs/${runId}`,
    traceId: currentRequest()?.traceId,
    runId,
    ...(Number.isFinite(retryAfterSeconds) && { retryAfterSeconds }),
  };
}

function statusOf(ending: Ending): EndStatus {
  if ('outcome' in ending) return 'succeeded';
  if (Problem.is(ending.problem, runCancelled)) return 'cancelled';
  return isTimeLimit(ending.problem) ? 'timedOut' : 'failed';
}

/** What a client is told of an error: a problem as it is, anything else without its words, which go to the log. */
export function problemOf(error: unknown, run: Run, logger: Logger): Problem {
  if (error instanceof Problem) return error;
  logger.error(`Run ${run.id} failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  return runFailed('A step of the run failed unexpectedly. Report the run id.', { cause: error });
}
