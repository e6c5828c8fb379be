import { Injectable } from '@nestjs/common';
import { validationFailed } from '../../platform/problem/http.errors.js';
import { childEvents } from './child-events.js';
import { EventRepository } from './event.repository.js';
import { isLast, type LoggedEvent } from './run-event.js';
import { RunReader } from './run-reader.js';
import { isEnded, type Run } from './run.js';

/** What a run has told: a root's log, and of it what belongs to a child run. */
@Injectable()
export class RunFollower {
  constructor(
    private readonly reader: RunReader,
    private readonly events: EventRepository,
  ) {}

  /** Those after `after`, followed to the end. @throws Problem validation-failed beyond the log */
  async follow(run: Run, after: number, signal?: AbortSignal): Promise<AsyncGenerator<readonly LoggedEvent[], void>> {
    if (run.rootRunId !== null && run.path !== null)
      return this.followChild(run.rootRunId, run.path, run, after, signal);
    return (await this.isAtEnd(run, after)) ? nothing() : this.reader.follow(run.id, { after, signal });
  }

  /** A child run's events are those of its root's log at its path and below; numbers have gaps there. */
  private async followChild(
    rootRunId: string,
    path: readonly string[],
    { id, status }: Run,
    after: number,
    signal?: AbortSignal,
  ): Promise<AsyncGenerator<readonly LoggedEvent[], void>> {
    if (isEnded(status) && (await this.events.readBelow(rootRunId, { id, path }, after, 1)).length === 0)
      return nothing();
    return childEvents(this.reader.follow(rootRunId, { after, signal }), { id, path });
  }

  /** Those after `after`, at most `limit`, without waiting for more. */
  page(run: Run, after: number, limit: number): Promise<readonly LoggedEvent[]> {
    if (run.rootRunId !== null && run.path !== null)
      return this.events.readBelow(run.rootRunId, { id: run.id, path: run.path }, after, limit);
    return this.events.read(run.id, after, limit);
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
}

async function* nothing(): AsyncGenerator<never, void> {}
