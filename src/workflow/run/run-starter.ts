import { Injectable } from '@nestjs/common';
import { EventBus } from '../../platform/event/event-bus.js';
import { Budgets } from '../../usage/budget/budgets.js';
import { EventRepository } from './event.repository.js';
import type { EventFields, LoggedEvent } from './run-event.js';
import { RunStarting } from './run.events.js';
import type { Lease } from './run-claims.js';
import { RunRepository, type NewRun } from './run.repository.js';
import { RunJournal } from './run-journal.js';
import { spenderOf, type Run } from './run.js';

/** What the beginning of a run is. */
@Injectable()
export class RunStarter {
  constructor(
    private readonly bus: EventBus,
    private readonly runs: RunRepository,
    private readonly events: EventRepository,
    private readonly budgets: Budgets,
  ) {}

  /** Whether the run is stored with its `start` event and nothing else. */
  async isAlone(run: NewRun): Promise<boolean> {
    return !hasListeners(run) && !(await this.budgets.countRuns(spenderOf(run)));
  }

  /** Stores a run that is alone, and its `start` event, in one statement: undefined as `insertRunning` says. */
  async beginAlone(newRun: NewRun, lease: Lease, places: number) {
    const start = startOf({ ...newRun, fence: 1, attempt: 1 });
    const run = await this.runs.insertRunning(newRun, lease, places, (insert) =>
      this.events.appendWith(newRun.id, insert, [{ ...start, ...RUN_CHARGE }]),
    );
    return run && { run, start };
  }

  /**
   * Writes what listeners store for the run and its `start` event, in the ambient transaction.
   * @throws Problem budget-exceeded, and what listeners throw
   */
  async begin(run: Run): Promise<LoggedEvent> {
    await this.budgets.takeRun(spenderOf(run));
    const starting = new RunStarting(run);
    if (hasListeners(run)) await this.bus.publish(starting);
    const event = startOf(run, starting.startFields);
    await this.events.appendLocked(run.workspaceId, run.id, [{ ...event, ...RUN_CHARGE }]);
    return event;
  }
}

/** What beginning a run costs. */
const RUN_CHARGE = { charge: { runs: 1 } } as const;

/** Whether others store something when it begins. */
const hasListeners = ({ kind }: Pick<Run, 'kind'>): boolean => kind === 'chat';

/** The first event of a run. */
const startOf = (run: Pick<Run, 'id' | 'fence' | 'workflow' | 'attempt'>, fields: EventFields = {}): LoggedEvent =>
  new RunJournal(run.id, run.fence).draft('start', { ...fields, ...startFields(run) }, new Date());

/** What every `start` event says of its run; one that nobody has claimed yet begins its first attempt. */
export const startFields = ({
  workflow: { name, version },
  attempt,
}: Pick<Run, 'workflow' | 'attempt'>): EventFields => ({
  workflow: { name, version },
  attempt: Math.max(1, attempt),
});
