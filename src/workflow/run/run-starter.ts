import { Injectable } from '@nestjs/common';
import { EventBus } from '../../platform/event/event-bus.js';
import { EventRepository } from './event.repository.js';
import type { EventFields, LoggedEvent } from './run-event.js';
import { RunStarting } from './run.events.js';
import { RunJournal } from './run-journal.js';
import type { Run } from './run.js';

/** Writes the beginning of a run: what listeners store for it and its `start` event, in the ambient transaction. */
@Injectable()
export class RunStarter {
  constructor(
    private readonly bus: EventBus,
    private readonly events: EventRepository,
  ) {}

  async begin(run: Run): Promise<LoggedEvent> {
    const starting = new RunStarting(run);
    await this.bus.publish(starting);
    const fields = { ...starting.startFields, ...startFields(run) };
    const event = new RunJournal(run.id, run.fence).draft('start', fields, new Date());
    await this.events.appendLocked(run.workspaceId, run.id, [event]);
    return event;
  }
}

/** What every `start` event says of its run. */
export const startFields = ({ workflow: { name, version }, attempt }: Run): EventFields => ({
  workflow: { name, version },
  attempt,
});
