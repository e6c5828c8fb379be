import { once } from 'node:events';
import { request, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import { eventually } from './eventually.js';

/** One event as it came over the wire. */
export interface Frame {
  /** The `id` line. */
  readonly id: number;
  /** The `data` line, byte for byte. */
  readonly data: string;
  /** `data`, parsed. */
  readonly event: RunEvent;
}

export interface RunEvent {
  readonly type: string;
  readonly seq: number;
  readonly runId: string;
  readonly at: string;
  readonly [member: string]: ReturnType<typeof JSON.parse>;
}

/** A stream's text taken apart. Anything that is not exactly as the contract says throws. */
export interface Reading {
  readonly frames: readonly Frame[];
  readonly pings: number;
  /** Whether `[DONE]` came, last of all. */
  readonly done: boolean;
  /** Milliseconds of a `retry:` hint. */
  readonly retryMs: number | undefined;
  /** The text of the events alone, as the log would print them. */
  readonly log: string;
  /** What stands after the last whole frame. */
  readonly rest: string;
}

const EVENT = /^id: ([1-9]\d*)\ndata: (\{[^\n]*\})$/;

export function readingOf(text: string): Reading {
  const blocks = text.split('\n\n');
  const rest = blocks.pop() ?? '';
  const frames: Frame[] = [];
  let pings = 0;
  let done = false;
  let retryMs: number | undefined;
  for (const block of blocks) {
    if (done) throw new Error(`After [DONE] came ${JSON.stringify(block)}.`);
    const [, id, data] = EVENT.exec(block) ?? [];
    if (id !== undefined && data !== undefined) {
      frames.push({ id: Number(id), data, event: JSON.parse(data) as RunEvent });
    } else if (block === ': ping') pings += 1;
    else if (block === 'data: [DONE]') done = true;
    else if (/^retry: \d+$/.test(block)) retryMs = Number(block.slice('retry: '.length));
    else throw new Error(`This is no frame of ours: ${JSON.stringify(block)}`);
  }
  return { frames, pings, done, retryMs, log: logText(frames), rest };
}

/** The wire's form of events, from `id` and stored JSON text. */
export const logText = (events: readonly { readonly id: number; readonly data: string }[]): string =>
  events.map(({ id, data }) => `id: ${id}\ndata: ${data}\n\n`).join('');

/** What a reader who heeds `reset` holds of the answer in the end. */
export function textOf(events: readonly RunEvent[]): string {
  let parts: RunEvent[] = [];
  for (const event of events) {
    if (event.type === 'token') parts.push(event);
    if (event.type !== 'reset') continue;
    const isVoid = (part: RunEvent): boolean =>
      part.messageKey === event.messageKey && part.path.join('/') === event.path.join('/') && part.seq >= event.fromSeq;
    parts = parts.filter((part) => !isVoid(part));
  }
  return parts.map(({ content }) => content as string).join('');
}

export interface StreamRequest {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

/** A stream being read over a connection of its own. */
export class LiveStream {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** Settles when the server has ended the answer (`end`) or the connection broke (`cut`). */
  readonly ended: Promise<'end' | 'cut'>;
  private readonly chunks: Buffer[] = [];
  private hasEnded = false;

  constructor(private readonly response: IncomingMessage) {
    this.status = response.statusCode ?? 0;
    this.headers = response.headers;
    response.on('data', (chunk: Buffer) => this.chunks.push(chunk));
    response.on('error', () => undefined);
    this.ended = new Promise((resolve) => {
      response.once('close', () => {
        this.hasEnded = true;
        resolve(response.complete ? 'end' : 'cut');
      });
    });
  }

  /** Everything that has come, whole characters. */
  get text(): string {
    return Buffer.concat(this.chunks).toString('utf8');
  }

  get reading(): Reading {
    return readingOf(this.text);
  }

  /** The first event that fits, as soon as it is there. */
  async event(fits: (event: RunEvent) => boolean, withinMs?: number): Promise<RunEvent> {
    const found = await eventually(
      () => {
        const event = this.reading.frames.find((frame) => fits(frame.event))?.event;
        if (!event && this.hasEnded) return 'ended' as const;
        return event;
      },
      { withinMs, everyMs: 5, what: `an event that fits ${String(fits)}` },
    );
    if (found === 'ended') throw new Error(`The stream ended without an event that fits: ${this.text.slice(-500)}`);
    return found;
  }

  /** The whole reading, once the answer has ended. */
  async whole(): Promise<Reading> {
    await this.ended;
    return this.reading;
  }

  /** Leaves, as a client does whose connection breaks. */
  close(): void {
    this.response.destroy();
  }
}

/** Opens a stream (or any answer) on a connection of its own. Rejects when the connection breaks before the headers. */
export async function openStream(
  url: string,
  { method = 'GET', headers, body }: StreamRequest = {},
): Promise<LiveStream> {
  const outgoing = request(url, {
    method,
    agent: false,
    headers: {
      Accept: 'text/event-stream',
      ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
      ...headers,
    },
  });
  outgoing.end(body === undefined ? undefined : JSON.stringify(body));
  const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
  outgoing.on('error', () => undefined);
  return new LiveStream(response);
}
