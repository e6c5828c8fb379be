import { untilAborted } from '../../platform/clock/deadline.js';
import { limitReached } from '../workflow.errors.js';

/** The clock that a node's time is measured by. */
export interface NodeClock {
  /** Waits for `work`; meanwhile the clock stands still. */
  stoppedFor<Result>(work: () => Promise<Result>): Promise<Result>;
}

/**
 * Runs `work` with a signal that is aborted when `timeoutMs`, if any, are over or `parent` is aborted, and settles then
 * whether `work` notices or not; it is also aborted when `work` has thrown, so that nothing of it goes on. Of the time,
 * `leftMs` is left.
 * @throws Problem `time-limit-reached` naming the node; else what `work` or `parent` threw
 */
export async function withinTime<Result>(
  timeoutMs: number | undefined,
  nodeId: string,
  parent: AbortSignal,
  work: (signal: AbortSignal, clock: NodeClock) => Promise<Result>,
  leftMs = timeoutMs,
): Promise<Result> {
  parent.throwIfAborted();
  const controller = new AbortController();
  const stop = (): void => controller.abort(parent.reason);
  parent.addEventListener('abort', stop, { once: true });
  const countdown = new Countdown(leftMs, () =>
    controller.abort(limitReached('nodeTimeoutMs', timeoutMs ?? 0, `Node "${nodeId}"`)),
  );
  try {
    countdown.go();
    return await untilAborted(controller.signal, work(controller.signal, countdown));
  } catch (error) {
    controller.abort(error);
    throw error;
  } finally {
    countdown.stop();
    parent.removeEventListener('abort', stop);
  }
}

class Countdown implements NodeClock {
  private timer: NodeJS.Timeout | undefined;
  private since = 0;
  /** How many reasons there are to stand still. */
  private stops = 1;

  constructor(
    private leftMs: number | undefined,
    private readonly ring: () => void,
  ) {}

  go(): void {
    this.stops -= 1;
    if (this.stops > 0 || this.leftMs === undefined) return;
    this.since = performance.now();
    this.timer = setTimeout(this.ring, this.leftMs);
  }

  stop(): void {
    this.stops += 1;
    if (this.stops > 1 || this.leftMs === undefined) return;
    clearTimeout(this.timer);
    this.leftMs = Math.max(0, this.leftMs - (performance.now() - this.since));
  }

  async stoppedFor<Result>(work: () => Promise<Result>): Promise<Result> {
    this.stop();
    try {
      return await work();
    } finally {
      this.go();
    }
  }
}
