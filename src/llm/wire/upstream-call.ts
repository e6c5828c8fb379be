import type { Dispatcher } from 'undici';
import type { IncomingHttpHeaders } from 'node:http';
import { broken, cut, tooSlow, unreachable, type Upstream } from './upstream-failure.js';

/** How long and how large an answer may be. */
export interface CallLimits {
  readonly firstTokenTimeoutMs: number;
  readonly idleTimeoutMs: number;
  readonly maxResponseBytes: number;
}

export interface ResponseHead {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
}

/** Bytes that may wait for a slow reader before the upstream is told to pause. */
const HIGH_WATER = 262_144;

/** How long a finished answer may take to end its body, so that the connection can serve again. */
const LINGER_MS = 1000;

/**
 * One request in flight: undici pushes into it, one reader pulls from it. What several reads of the socket brought before
 * the reader came is handed over at once. Clocks run only while the reader waits. After `release` no timer, no listener
 * and no connection is left behind.
 */
export class UpstreamCall implements Dispatcher.DispatchHandler {
  private controller?: Dispatcher.DispatchController;
  private responseHead?: ResponseHead;
  private chunks: Buffer[] = [];
  private waitingBytes = 0;
  private totalBytes = 0;
  private ended = false;
  private released = false;
  private failure: Error | undefined;
  private wake: (() => void) | undefined;
  private timer: NodeJS.Timeout;
  private started = false;
  private overdue = false;

  constructor(
    private readonly upstream: Upstream,
    private readonly limits: CallLimits,
    private readonly signal: AbortSignal,
  ) {
    this.timer = setTimeout(this.onTimer, limits.firstTokenTimeoutMs);
    signal.addEventListener('abort', this.onAbort, { once: true });
    if (signal.aborted) this.onAbort();
  }

  /** Waits for the status and headers. @throws Problem or the signal's reason */
  async head(): Promise<ResponseHead> {
    while (this.responseHead === undefined) {
      if (this.failure !== undefined) throw this.failure;
      await this.change();
    }
    return this.responseHead;
  }

  /** Waits for bytes; undefined once the body has ended properly. @throws Problem or the signal's reason */
  async read(): Promise<readonly Buffer[] | undefined> {
    while (this.chunks.length === 0 && !this.ended && this.failure === undefined) await this.change();
    if (this.signal.aborted) throw this.signal.reason;
    if (this.chunks.length > 0) return this.taken();
    if (this.failure !== undefined) throw this.failure;
    return undefined;
  }

  /** The first delta is there: from now on the idle timeout holds. */
  begin(): void {
    if (this.started) return;
    this.started = true;
    this.overdue = false;
    clearTimeout(this.timer);
    this.timer = setTimeout(this.onTimer, this.limits.idleTimeoutMs);
  }

  /** Ends the call. A `complete` answer may close its body for a moment longer, anything else is cut off. */
  release(complete: boolean): void {
    if (this.released) return;
    this.released = true;
    this.signal.removeEventListener('abort', this.onAbort);
    clearTimeout(this.timer);
    this.chunks = [];
    if (this.ended || this.failure !== undefined) return;
    if (complete) this.timer = setTimeout(() => this.fail(new Error('The body did not end.')), LINGER_MS).unref();
    else this.fail(new Error('The answer is not wanted any more.'));
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.controller = controller;
    if (this.failure !== undefined) controller.abort(this.failure);
  }

  onResponseStart(_: Dispatcher.DispatchController, status: number, headers: IncomingHttpHeaders): void {
    if (status < 200) return;
    this.responseHead = { status, headers };
    this.notify();
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.released || this.failure !== undefined) return;
    this.totalBytes += chunk.length;
    if (this.totalBytes > this.limits.maxResponseBytes) {
      this.fail(broken(this.upstream, `is larger than ${this.limits.maxResponseBytes} bytes`));
      return;
    }
    this.chunks.push(chunk);
    this.waitingBytes += chunk.length;
    if (this.waitingBytes > HIGH_WATER) controller.pause();
    this.notify();
  }

  onResponseEnd(): void {
    this.ended = true;
    if (this.released) clearTimeout(this.timer);
    this.notify();
  }

  onResponseError(_: Dispatcher.DispatchController | undefined, error: Error): void {
    if (this.released) clearTimeout(this.timer);
    this.failure ??= this.responseHead === undefined ? unreachable(this.upstream, error) : cut(this.upstream, error);
    this.notify();
  }

  private taken(): readonly Buffer[] {
    const { chunks } = this;
    this.chunks = [];
    if (this.waitingBytes > HIGH_WATER) this.controller?.resume();
    this.waitingBytes = 0;
    return chunks;
  }

  private change(): Promise<void> {
    if (this.started) this.timer.refresh();
    else if (this.overdue) this.fail(this.timeout());
    if (this.failure !== undefined) return Promise.resolve();
    return new Promise((resolve) => (this.wake = resolve));
  }

  private notify(): void {
    const { wake } = this;
    this.wake = undefined;
    wake?.();
  }

  private fail(failure: Error): void {
    this.failure ??= failure;
    this.controller?.abort(this.failure);
    this.notify();
  }

  private readonly onTimer = (): void => {
    if (this.wake !== undefined) this.fail(this.timeout());
    else this.overdue = true;
  };

  private readonly onAbort = (): void => {
    const reason: unknown = this.signal.reason;
    this.fail(reason instanceof Error ? reason : new Error('Aborted.', { cause: reason }));
  };

  private timeout(): Error {
    return this.started
      ? tooSlow(this.upstream, 'next token', this.limits.idleTimeoutMs)
      : tooSlow(this.upstream, 'first token', this.limits.firstTokenTimeoutMs);
  }
}
