import type { EndStatus, Run } from './run.js';

/**
 * A run begins: published in the transaction that makes it `running`, before its `start` event is written. Listeners
 * store what belongs to the beginning; `startFields` become members of the `start` event.
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
}

/**
 * A run ends: published in the transaction that ends it. Listeners store what belongs to the end; `completeFields`
 * become members of the `complete` event.
 */
export class RunEnding {
  readonly completeFields: Record<string, unknown> = {};

  constructor(
    /** The run as it is stored now: status, usage, cost and duration are final. */
    readonly run: Run,
    readonly outcome: RunOutcome,
  ) {}
}
