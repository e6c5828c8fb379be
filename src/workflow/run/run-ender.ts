import { Injectable, Logger } from '@nestjs/common';
import { setTimeout as sleep } from 'node:timers/promises';
import { Database } from '../../platform/database/database.js';
import { isTransient } from '../../platform/database/fault.js';
import { EventBus } from '../../platform/event/event-bus.js';
import { currentRequest } from '../../platform/http/request-context.js';
import { Problem, type ProblemBody } from '../../platform/problem/problem.js';
import type { GraphOutcome } from '../graph/execution.js';
import { isTimeLimit, runCancelled, runFailed } from '../workflow.errors.js';
import { HandedOver, type ActiveRun } from './active-run.js';
import { RunCompany } from './run-company.js';
import { EventRepository } from './event.repository.js';
import type { EventFields, LoggedEvent, NewEvent } from './run-event.js';
import { RunEnding, type RunOutcome } from './run.events.js';
import { RunFeed } from './run-feed.js';
import { RunClaims, type RunEnd } from './run-claims.js';
import { RunJournal } from './run-journal.js';
import { startFields } from './run-starter.js';
import type { EndStatus, Run } from './run.js';

const RETRY_MS = 500;
const NEVER_BEGUN: RunOutcome = {
  status: 'cancelled',
  output: null,
  finishReason: undefined,
  model: undefined,
  hasCalledTools: false,
};

/** How the work on a run ended. */
export type Ending = { readonly outcome: GraphOutcome } | { readonly problem: Problem };

/** Writes the end of a run: its row, what listeners store for it and its last events, all or nothing. */
@Injectable()
export class RunEnder {
  private readonly logger = new Logger('RunEnder');

  constructor(
    private readonly database: Database,
    private readonly bus: EventBus,
    private readonly claims: RunClaims,
    private readonly events: EventRepository,
    private readonly feed: RunFeed,
    private readonly company: RunCompany,
  ) {}

  /**
   * Answers the run as it is stored. Nothing happens, undefined, when another process holds it by then. A listener that
   * refuses the end fails the run with its problem.
   */
  async end(active: ActiveRun, ending: Ending): Promise<Run | undefined> {
    active.endOpen(statusOf(ending), 'problem' in ending ? ending.problem.record() : undefined);
    const tail = active.journal.take();
    try {
      return await this.writeUntilTaken(active, admitted(active, ending), tail);
    } catch (error) {
      if ('problem' in ending) throw error;
      return this.writeUntilTaken(active, { problem: problemOf(error, active.run, this.logger) }, tail);
    }
  }

  /**
   * Repeats while the database is away or busy, as long as the run's lease lasts. Once it is tried in any case: the fence
   * decides whether the run is still ours, and an end that is not written is work done twice.
   */
  private async writeUntilTaken(
    active: ActiveRun,
    ending: Ending,
    tail: readonly NewEvent[],
  ): Promise<Run | undefined> {
    do {
      try {
        const written = await this.written(active, ending, tail);
        if (written) this.feed.publish(active.run.id, [...tail, written.last]);
        return written?.stored;
      } catch (error) {
        if (!isTransient(error)) throw error;
        this.logger.warn(`The end of run ${active.run.id} cannot be written, trying again: ${String(error)}`);
        await sleep(RETRY_MS);
      }
    } while (!(active.signal.reason instanceof HandedOver));
    return undefined;
  }

  /** Ends a run that has not begun; its log tells no more than that. Nothing happens when it is no longer queued. */
  async cancelQueued({ id }: Pick<Run, 'id'>): Promise<void> {
    const problem = endProblem(runCancelled('The run was cancelled before it began.'), id);
    const events = await this.database.transaction(async () => {
      const run = await this.claims.cancelQueued(id, problem);
      if (!run) return undefined;
      await this.bus.publish(new RunEnding(run, NEVER_BEGUN));
      const journal = new RunJournal(id, run.fence);
      journal.record('start', startFields(run), new Date());
      const events = [...journal.take(), journal.draft('error', { problem }, new Date())];
      await this.events.appendLocked(run.workspaceId, id, events);
      return events;
    });
    if (events) this.feed.publish(id, events);
  }

  private written(active: ActiveRun, ending: Ending, tail: readonly NewEvent[]): Promise<Written | undefined> {
    return isAlone(active)
      ? this.writeAlone(active, ending, tail)
      : this.database.transaction(() => this.write(active, ending, tail));
  }

  private async write(active: ActiveRun, ending: Ending, tail: readonly NewEvent[]): Promise<Written | undefined> {
    const { run } = active;
    const end = endOf(active, ending);
    const stored = await this.claims.end(run, end);
    if (!stored) return undefined;
    const event = endingOf(active, ending, end, stored, tail);
    await this.bus.publish(event);
    const last = lastEvent(active, ending, end, stored.durationMs, event.completeFields);
    await this.events.appendLocked(run.workspaceId, run.id, [...tail, last]);
    // After the last events: a child or an approval of theirs ends as well.
    await this.company.end(stored, active, end.problem);
    return { stored, last };
  }

  /** Nothing else is stored with it: one statement instead of a transaction. */
  private async writeAlone(active: ActiveRun, ending: Ending, tail: readonly NewEvent[]): Promise<Written | undefined> {
    const { run, executedMs: durationMs } = active;
    const end = endOf(active, ending);
    const last = lastEvent(active, ending, end, durationMs);
    const stored = await this.claims.end(run, { ...end, durationMs }, (change) =>
      this.events.appendWith(run.id, change, [...tail, last]),
    );
    if (!stored) return undefined;
    await this.bus.publish(endingOf(active, ending, end, stored, tail));
    return { stored, last };
  }
}

interface Written {
  readonly stored: Run;
  readonly last: LoggedEvent;
}

/** No turn, nobody to be told, no children, approvals or tool calls, and executed here from its acceptance on. */
const isAlone = ({ run, hasCompany, hasCalledTools }: ActiveRun): boolean =>
  run.kind === 'workflow' &&
  !run.hasWebhook &&
  !hasCompany &&
  !hasCalledTools &&
  run.attempt === 1 &&
  run.startedAt?.getTime() === run.createdAt.getTime();

function endOf(active: ActiveRun, ending: Ending): RunEnd {
  const { run, usage, cost, executedMs, decision, cacheAgeMs, firstTokenMs, streamed, cache } = active;
  const output = 'outcome' in ending ? ending.outcome.output : active.masked(active.partialOutput() ?? null);
  const problem = 'problem' in ending ? active.masked(endProblem(ending.problem, run.id)) : null;
  const spent = {
    usage,
    cost,
    executedMs,
    cacheAgeMs: problem ? undefined : cacheAgeMs,
    firstTokenMs,
    streamed,
    cache,
  };
  return { status: statusOf(ending), output, problem, decision, ...spent };
}

function endingOf(
  { model, hasCalledTools }: ActiveRun,
  ending: Ending,
  { status, output }: RunEnd,
  stored: Run,
  unwritten: readonly LoggedEvent[],
): RunEnding {
  const outcome = { status, output, finishReason: finishReasonOf(ending), model, hasCalledTools };
  return new RunEnding(stored, outcome, unwritten);
}

const finishReasonOf = (ending: Ending): string | undefined =>
  'outcome' in ending ? ending.outcome.finishReason : undefined;

function lastEvent(
  { journal, run }: ActiveRun,
  ending: Ending,
  { problem, output, usage, cost, cacheAgeMs }: RunEnd,
  durationMs: number | null,
  completeFields: Readonly<Record<string, unknown>> = {},
): LoggedEvent {
  if (problem) return journal.draft('error', { problem }, new Date());
  const finishReason = finishReasonOf(ending);
  const told = { usage, cost, durationMs, finishReason, ...(cacheAgeMs !== undefined && { cached: true, cacheAgeMs }) };
  return journal.draft('complete', withinEvent({ output, ...completeFields }, run.id, told), new Date());
}

/** The end as the workspace lets it be stored. @throws Problem content-blocked */
function admitted(active: ActiveRun, ending: Ending): Ending {
  if ('problem' in ending) return ending;
  const { outcome } = ending;
  return { outcome: { ...outcome, output: active.admitted(outcome.output) } };
}

/** Longest event, in characters of its JSON text. */
const MAX_EVENT = 250_000;

/** What the last event says. An output or message that is too large for an event is named by where it can be read. */
function withinEvent(
  { output, message }: { readonly output: unknown; readonly message?: { readonly id?: unknown } },
  runId: string,
  ended: EventFields,
): EventFields {
  const lengthOf = (value: unknown): number => JSON.stringify(value)?.length ?? 0;
  const whole = { output, ...(message && { message }), ...ended };
  if (lengthOf(output) + lengthOf(message) <= MAX_EVENT) return whole;
  const named = { ...whole, output: null, outputUrl: `/api/v1/runs/${runId}` };
  return lengthOf(message) <= MAX_EVENT ? named : { ...named, message: { id: message?.id } };
}

/** The problem as row and log keep it. */
function endProblem(problem: Problem, runId: string): ProblemBody {
  return {
    ...problem.record(),
    instance: `/api/v1/runs/${runId}`,
    traceId: currentRequest()?.traceId,
    runId,
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
