import type { ReadableStreamDefaultController, UnderlyingSource } from 'node:stream/web';
import { ReadableStream } from 'node:stream/web';

/** One frame: the JSON text of an event, already serialised, and its number in the log. */
export interface StreamFrame {
  readonly seq: number;
  readonly data: string;
}

export interface EventStreamOptions {
  readonly headers?: Readonly<Record<string, string>>;
  /** Milliseconds between comment lines that keep an idle connection open. */
  readonly heartbeatMs?: number;
  /** Asked at every heartbeat; `false` ends the stream without `[DONE]`. */
  readonly stillAllowed?: () => Promise<boolean>;
  /** Called once when the reader is gone before the end: it left, was cut as stalled or may no longer read. */
  readonly onDisconnect?: () => void;
  /** Milliseconds after which a reader that takes nothing although something waits is cut. */
  readonly stallMs?: number;
}

/** The source was ended by us, not by its log: the reader is told to come back after `retryMs`. */
export class StreamInterrupted extends Error {
  constructor(readonly retryMs: number) {
    super('The stream was interrupted; resume it.');
  }
}

const HEARTBEAT_MS = 15_000;
/** A stream that has nothing yet to tell sends its headers and a comment after this long. */
const FIRST_BYTE_MS = 1_000;
/** While a reader leaves this many bytes unread its source is not asked for more; ... */
const MAX_PENDING_BYTES = 256 * 1024;
/** ... when it takes nothing for this long although something waits it is cut. It may resume. */
const STALL_MS = 10_000;

const HEADERS = {
  'Content-Type': 'text/event-stream; charset=utf-8',
  'Cache-Control': 'no-cache, no-transform',
  'X-Accel-Buffering': 'no',
};

/**
 * Renders batches of frames as `text/event-stream`, ending with `data: [DONE]`. At most 256 KB and one batch wait for a
 * slow reader; one that takes nothing for 10 s is cut. A source that throws cuts the connection without `[DONE]`, which
 * tells the reader to resume.
 */
export function eventStream(source: AsyncIterable<readonly StreamFrame[]>, options: EventStreamOptions = {}): Response {
  const body = new ReadableStream<Uint8Array>(new EventStreamBody(source, options), { highWaterMark: 0 });
  return new Response(body as ConstructorParameters<typeof Response>[0], {
    headers: { ...HEADERS, ...options.headers },
  });
}

class EventStreamBody implements UnderlyingSource<Uint8Array> {
  private readonly iterator: AsyncIterator<readonly StreamFrame[]>;
  private readonly timers: NodeJS.Timeout[] = [];
  private pending: Buffer[] = [];
  private pendingBytes = 0;
  private waitingSince: number | undefined;
  private state: 'open' | 'complete' | 'closed' = 'open';
  private isSilent = true;
  private wake: () => void = () => undefined;
  private makeRoom: () => void = () => undefined;
  private controller: ReadableStreamDefaultController<Uint8Array> | undefined;

  constructor(
    source: AsyncIterable<readonly StreamFrame[]>,
    private readonly options: EventStreamOptions,
  ) {
    this.iterator = source[Symbol.asyncIterator]();
  }

  start(controller: ReadableStreamDefaultController<Uint8Array>): void {
    this.controller = controller;
    this.timers.push(
      setTimeout(() => this.isSilent && this.ping(), FIRST_BYTE_MS),
      setInterval(() => void this.beat(), this.options.heartbeatMs ?? HEARTBEAT_MS),
      setInterval(() => this.cutWhenStalled(), this.stallMs / 4),
    );
    void this.pump();
  }

  async pull(controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> {
    this.waitingSince = undefined;
    if (this.pending.length === 0 && this.state === 'open') await new Promise<void>((resolve) => (this.wake = resolve));
    if (this.state === 'closed') return;
    if (this.pending.length > 0) {
      controller.enqueue(this.pending.length === 1 && this.pending[0] ? this.pending[0] : Buffer.concat(this.pending));
      this.forgetPending();
      return;
    }
    this.release();
    controller.close();
  }

  cancel(): void {
    this.leave();
  }

  private async pump(): Promise<void> {
    try {
      for (let step = await this.iterator.next(); !step.done; step = await this.iterator.next()) {
        this.send(step.value.map(frameText).join(''));
        if (this.pendingBytes > MAX_PENDING_BYTES) await new Promise<void>((resolve) => (this.makeRoom = resolve));
      }
      this.send('data: [DONE]\n\n');
    } catch (error) {
      if (!(error instanceof StreamInterrupted)) return this.fail(error instanceof Error ? error : new Error(String(error)));
      this.send(`retry: ${error.retryMs}\n\n`);
    }
    if (this.state === 'open') this.state = 'complete';
    this.wake();
  }

  private send(text: string): void {
    if (this.state !== 'open') return;
    const bytes = Buffer.from(text);
    this.pending.push(bytes);
    this.pendingBytes += bytes.length;
    this.waitingSince ??= Date.now();
    this.isSilent = false;
    this.wake();
  }

  private ping(): void {
    this.send(': ping\n\n');
  }

  private async beat(): Promise<void> {
    this.ping();
    const allowed = await this.options.stillAllowed?.().catch(() => true);
    if (allowed === false) this.cut(new Error('The reader may no longer read.'));
  }

  private cutWhenStalled(): void {
    if (this.waitingSince !== undefined && Date.now() - this.waitingSince > this.stallMs) {
      this.cut(new Error('The reader stalled; it may resume.'));
    }
  }

  private get stallMs(): number {
    return this.options.stallMs ?? STALL_MS;
  }

  private cut(reason: Error): void {
    if (this.state === 'closed') return;
    this.leave();
    this.controller?.error(reason);
  }

  private fail(reason: Error): void {
    if (this.state === 'closed') return;
    this.release();
    this.controller?.error(reason);
  }

  private leave(): void {
    const unfinished = this.state === 'open';
    this.release();
    if (unfinished) this.options.onDisconnect?.();
  }

  private release(): void {
    this.state = 'closed';
    this.forgetPending();
    for (const timer of this.timers) clearTimeout(timer);
    this.iterator.return?.(undefined).catch(() => undefined);
    this.wake();
  }

  private forgetPending(): void {
    this.pending = [];
    this.pendingBytes = 0;
    this.waitingSince = undefined;
    this.makeRoom();
  }
}

/** Frames are made of our own JSON, which never holds a bare line break. */
const frameText = ({ seq, data }: StreamFrame): string => `id: ${seq}\ndata: ${data}\n\n`;
