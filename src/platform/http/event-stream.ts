import { Readable } from 'node:stream';

/** One frame: the JSON text of an event, already serialised, and its number in the log or another id without a line break. */
export interface StreamFrame {
  readonly seq: number | string;
  /** By which an EventSource tells its listeners apart; without it they are all messages. */
  readonly event?: string;
  readonly data: string;
}

export interface EventStreamOptions {
  readonly headers?: Readonly<Record<string, string>>;
  /** Milliseconds between comment lines that keep an idle connection open. */
  readonly heartbeatMs?: number;
  /** Asked every second; `false` ends the stream without `[DONE]`. */
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
/** What is asked is mostly remembered: a revocation ends a stream within the age of that memory and a second. */
const AUTHORISE_MS = 1_000;
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
 * What a handler returns to answer with `text/event-stream`; `EventStreamInterceptor` sends it. Batches of frames, then
 * `data: [DONE]`. At most 256 KB and one batch wait for a slow reader; one that takes nothing for 10 s is cut. A source
 * that throws cuts the connection without `[DONE]`, which tells the reader to resume.
 */
export class EventStream {
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    private readonly source: AsyncIterable<readonly StreamFrame[]>,
    private readonly options: EventStreamOptions = {},
  ) {
    this.headers = { ...HEADERS, ...options.headers };
  }

  /** Begins to read the source. Once. */
  open(): Readable {
    return new EventStreamBody(this.source, this.options);
  }
}

class EventStreamBody extends Readable {
  private readonly frames: AsyncIterator<readonly StreamFrame[]>;
  private readonly timers: NodeJS.Timeout[];
  private readonly stallMs: number;
  private isComplete = false;
  private pushedBytes = 0;
  private takenBytes = 0;
  private takenAt = Date.now();
  private makeRoom: () => void = () => undefined;

  constructor(
    source: AsyncIterable<readonly StreamFrame[]>,
    private readonly options: EventStreamOptions,
  ) {
    super({ highWaterMark: MAX_PENDING_BYTES });
    this.frames = source[Symbol.asyncIterator]();
    this.stallMs = options.stallMs ?? STALL_MS;
    this.timers = [
      setTimeout(() => this.pushedBytes === 0 && this.ping(), FIRST_BYTE_MS),
      setInterval(() => this.ping(), options.heartbeatMs ?? HEARTBEAT_MS),
      setInterval(() => void this.authorise(), AUTHORISE_MS),
      setInterval(() => this.cutWhenStalled(), this.stallMs / 4),
    ];
    void this.pump();
  }

  override _read(): void {
    this.makeRoom();
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    for (const timer of this.timers) clearTimeout(timer);
    this.endSource();
    this.makeRoom();
    if (!this.isComplete) this.options.onDisconnect?.();
    callback(error);
  }

  private endSource(): void {
    this.frames.return?.(undefined).catch(() => undefined);
  }

  private async pump(): Promise<void> {
    try {
      for (let step = await this.frames.next(); !step.done; step = await this.frames.next()) {
        const hasRoom = this.send(step.value.map(frameText).join(''));
        if (!hasRoom) await new Promise<void>((resolve) => (this.makeRoom = resolve));
        if (this.destroyed) return;
      }
      this.send('data: [DONE]\n\n');
    } catch (error) {
      if (!(error instanceof StreamInterrupted)) return this.fail(error);
      this.send(`retry: ${error.retryMs}\n\n`);
    }
    this.finish();
  }

  /** False when the source should wait before it is asked for more. */
  private send(text: string): boolean {
    if (this.destroyed || this.isComplete) return true;
    const bytes = Buffer.from(text);
    if (this.readableLength === 0) this.takenAt = Date.now();
    this.pushedBytes += bytes.length;
    return this.push(bytes);
  }

  private finish(): void {
    if (this.destroyed) return;
    this.isComplete = true;
    this.push(null);
  }

  private fail(error: unknown): void {
    this.isComplete = true;
    this.destroy(error instanceof Error ? error : new Error(String(error)));
  }

  private ping(): void {
    this.send(': ping\n\n');
  }

  private async authorise(): Promise<void> {
    const allowed = await this.options.stillAllowed?.().catch(() => true);
    if (allowed === false) this.destroy(new Error('The reader may no longer read.'));
  }

  private cutWhenStalled(): void {
    const taken = this.pushedBytes - this.readableLength;
    if (taken !== this.takenBytes || this.readableLength === 0) {
      this.takenBytes = taken;
      this.takenAt = Date.now();
    } else if (Date.now() - this.takenAt > this.stallMs) {
      this.destroy(new Error('The reader stalled; it may resume.'));
    }
  }
}

/** Frames are made of our own JSON, which never holds a bare line break. */
const frameText = ({ seq, event, data }: StreamFrame): string =>
  `id: ${seq}\n${event === undefined ? '' : `event: ${event}\n`}data: ${data}\n\n`;
