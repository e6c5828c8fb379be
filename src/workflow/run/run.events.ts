import type { LoggedEvent } from './run-event.js';
import type { EndStatus, Run } from './run.js';

/**
 * A turn of a conversation begins: published in the transaction that makes its run `running`, before its `start` event is
 * written. Listeners store what belongs to the beginning; `startFields` become members of the `start` event.
 */
export class RunStarting {
  readonly startFields: Record<string, unknown> = {};

  constructor(readonly run: Run) {}
}

export interface RunOutcome {
  readonly status: EndStatus;
  readonly output: unknown;
  readonly finishReason: string | undefined;
  /** The model that answered last, provider:model. */
  readonly model: string | undefined;
  /** Whether its log tells of calls of tools. */
  readonly hasCalledTools: boolean;
}

/**
 * A run ends: published in the transaction that ends it. Listeners store what belongs to the end; `completeFields`
 * become members of the `complete` event. For a run that has nothing else to store (see `isAlone` of the ender) it is
 * published once the end is stored, and listeners only take note of it.
 */
export class RunEnding {
  readonly completeFields: Record<string, unknown> = {};

  constructor(
    /** The run as it is stored now: status, usage, cost and duration are final. */
    readonly run: Run,
    readonly outcome: RunOutcome,
    /** Events of the run that are not in the log yet. */
    readonly unwritten: readonly LoggedEvent[] = [],
  ) {}
}
