import type { Definition } from '../definition/definition.js';
import type { Bundle } from '../definition/bundle.js';
import type { LoggedEvent, NewEvent } from './run-event.js';
import type { Run, RunKind, RunLimits } from './run.js';

export interface RunRequest {
  /** Its id, when the caller has to know it before; else one is made. */
  readonly id?: string;
  readonly kind: RunKind;
  readonly workflow: { readonly id?: string; readonly name?: string; readonly version?: number };
  readonly definition: Definition;
  readonly input: Readonly<Record<string, unknown>>;
  readonly conversationId?: string;
  readonly messageId?: string;
  readonly limits?: RunLimits;
  /** Waits for its turn however many runs the user has, and answers at once. */
  readonly isBackground?: boolean;
  /** What an earlier run had come to, to go on from. */
  readonly seed?: readonly NewEvent[];
  /** What the run is pinned to; by default, what its definition refers to now. */
  readonly bundle?: Bundle;
  readonly metadata?: Readonly<Record<string, unknown>>;
  /** Whether a webhook, which `prepare` stores, is to be told of its end. */
  readonly hasWebhook?: boolean;
  /** Stores what must be stored with the run, first in its transaction. */
  readonly prepare?: () => Promise<void>;
  /** What to do when another run holds the conversation. */
  readonly onBusy?: 'reject' | 'enqueue' | 'interrupt';
}

/** A run that was just made, and its events from the first on. */
export interface StartedRun {
  readonly run: Run;
  readonly events: AsyncGenerator<readonly LoggedEvent[], void>;
  /** The run as this process stores it at its end; undefined when it does not end here. */
  readonly ended?: Promise<Run | undefined>;
}
