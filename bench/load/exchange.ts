import { setTimeout as delay } from 'node:timers/promises';
import { request, type Dispatcher } from 'undici';
import { FrameReader, type ReceivedEvent } from './frames.ts';

/** One user of the server under load. */
export interface LoadUser {
  readonly origin: string;
  readonly dispatcher: Dispatcher;
  readonly authorization: string;
  /** Aborts when the load is given up. */
  readonly signal: AbortSignal;
  /** The conversation that goes on, and how many turns it has had. */
  conversation: { id: string; turns: number } | undefined;
}

/** One stream from its request to its end, over however many connections. */
export interface StreamRecord {
  readonly kind: string;
  runId: string;
  events: readonly ReceivedEvent[];
  /** From the request to the first text; null when there was none. */
  firstTokenMs: number | null;
  totalMs: number;
  faults: readonly string[];
}

export interface Ask {
  readonly path: string;
  readonly body: object;
}

/** What was heard in a stream, for what a kind expects of it. */
export interface Heard {
  readonly types: ReadonlySet<string>;
  readonly text: string;
  readonly conversationId: string | undefined;
}

const LONGEST_MS = 60_000;
const CUT_PAUSE_MS = 50;

/**
 * Asks for a stream and reads it to its end. With `cutAfter` the connection is cut after so many events and the rest is
 * read from the log with Last-Event-ID.
 */
export async function streamed(
  user: LoadUser,
  kind: string,
  ask: Ask,
  expectation: (heard: Heard) => string | undefined,
  cutAfter = Infinity,
): Promise<StreamRecord> {
  const reading = new Reading();
  const answer = await send(user, 'POST', ask.path, ask.body, { accept: 'text/event-stream' });
  await reading.read(answer, cutAfter);
  if (reading.wasCut) {
    await delay(CUT_PAUSE_MS, undefined, { signal: user.signal });
    await reading.read(await events(user, reading.runId, reading.lastSeq));
  }
  return reading.record(kind, expectation);
}

/** Starts a run in the background and follows its log from the beginning. */
export async function followed(
  user: LoadUser,
  kind: string,
  ask: Ask,
  expectation: (heard: Heard) => string | undefined,
): Promise<StreamRecord> {
  const reading = new Reading();
  const { run } = (await json(user, 'POST', ask.path, ask.body)) as { readonly run: { readonly id: string } };
  await reading.read(await events(user, run.id, 0));
  return reading.record(kind, expectation);
}

/** A request that answers JSON. @throws when it answers anything but 2xx */
export async function json(user: LoadUser, method: 'GET' | 'POST', path: string, body?: object): Promise<unknown> {
  return (await send(user, method, path, body, { accept: 'application/json' })).body.json();
}

const events = (user: LoadUser, runId: string, after: number): Promise<Dispatcher.ResponseData> =>
  send(user, 'GET', `/api/v1/runs/${runId}/events`, undefined, {
    accept: 'text/event-stream',
    ...(after > 0 && { 'last-event-id': String(after) }),
  });

async function send(
  { origin, dispatcher, authorization, signal }: LoadUser,
  method: 'GET' | 'POST',
  path: string,
  body: object | undefined,
  headers: Readonly<Record<string, string>>,
): Promise<Dispatcher.ResponseData> {
  const answer = await request(origin + path, {
    dispatcher,
    method,
    headers: { authorization, ...(body && { 'content-type': 'application/json' }), ...headers },
    body: body === undefined ? null : JSON.stringify(body),
    signal: AbortSignal.any([signal, AbortSignal.timeout(LONGEST_MS)]),
  });
  if (answer.statusCode >= 200 && answer.statusCode < 300) return answer;
  throw new Error(`${method} ${path} answered ${answer.statusCode}: ${(await answer.body.text()).slice(0, 300)}`);
}

/** A stream that is being read. */
class Reading {
  runId = '';
  wasCut = false;
  private readonly startedAt = performance.now();
  private firstTextAt: number | undefined;
  private readonly received: ReceivedEvent[] = [];
  private readonly faults: string[] = [];
  private readonly types = new Set<string>();
  private text = '';
  private conversationId: string | undefined;

  get lastSeq(): number {
    return this.received.at(-1)?.seq ?? 0;
  }

  /** Reads an answer to its end, or to the event after which it is cut. */
  async read({ body }: Dispatcher.ResponseData, cutAfter = Infinity): Promise<void> {
    const frames = new FrameReader((event) => this.hear(event));
    for await (const chunk of body) {
      frames.feed(chunk as Buffer);
      if (frames.events.length < cutAfter || frames.done) continue;
      this.wasCut = true;
      break;
    }
    this.received.push(...frames.events);
    this.faults.push(...frames.faults);
    if (!this.wasCut && !frames.done) this.faults.push('the stream ended without [DONE]');
    else if (frames.done) this.wasCut = false;
  }

  record(kind: string, expectation: (heard: Heard) => string | undefined): StreamRecord {
    const { types, text, conversationId } = this;
    const missed = expectation({ types, text, conversationId });
    return {
      kind,
      runId: this.runId,
      events: this.received,
      firstTokenMs: this.firstTextAt === undefined ? null : this.firstTextAt - this.startedAt,
      totalMs: performance.now() - this.startedAt,
      faults: missed === undefined ? this.faults : [...this.faults, missed],
    };
  }

  private hear({ type, runId, content, conversationId }: Readonly<Record<string, unknown>>): void {
    this.types.add(String(type));
    if (type === 'start') {
      this.runId = String(runId);
      this.conversationId = typeof conversationId === 'string' ? conversationId : undefined;
    }
    if (type !== 'token') return;
    this.firstTextAt ??= performance.now();
    this.text += String(content);
  }
}
