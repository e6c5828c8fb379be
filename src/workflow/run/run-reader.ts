import { Injectable } from '@nestjs/common';
import { StreamInterrupted } from '../../platform/http/event-stream.js';
import { notFound } from '../../platform/problem/http.errors.js';
import { EventRepository } from './event.repository.js';
import { isLast, type LoggedEvent } from './run-event.js';
import { RunFeed } from './run-feed.js';

/** Events of the first page of the log; further ones are sized by the events seen, to about this many characters. */
const FIRST_PAGE = 16;
const PAGE_CHARACTERS = 65_536;
const MOST_EVENTS = 500;
/** How often the log is looked at for a run that another process executes. */
const POLL_MS = 200;
/** The same for a run of this process, whose hints arrive: only in case one was lost. */
const OWN_POLL_MS = 5_000;
/** How often a reader to whom nothing comes looks whether its run still exists: it may be purged. */
const LOOK_AFTER_RUN_MS = 4_000;
const RETRY_AFTER_SHUTDOWN_MS = 1_000;
/** Most text of events that wait for a slow reader. */
const MAX_INBOX_CHARACTERS = 262_144;

interface Following {
  /** The number of the last event the reader has. */
  readonly after: number;
  /** Events the reader is to be given first, when they are at hand: nothing of the run is committed beyond them. */
  readonly known?: readonly LoggedEvent[];
  readonly signal?: AbortSignal;
}

/** Reads a run's log from any point and follows it to its end, whichever process writes it. */
@Injectable()
export class RunReader {
  private readonly interrupted = new AbortController();

  constructor(
    private readonly events: EventRepository,
    private readonly feed: RunFeed,
  ) {}

  /** Ends every open reading with {@link StreamInterrupted}; for shutdown. */
  interrupt(): void {
    this.interrupted.abort(new StreamInterrupted(RETRY_AFTER_SHUTDOWN_MS));
  }

  /**
   * Every event after `after`, in order, without gaps or repeats, ending with the log's last, which must not be `after`
   * itself. Listens from the call on, then reads the log, then merges by number and fills holes from the log.
   * @throws Problem not-found when the run is purged meanwhile
   */
  follow(runId: string, { after, known, signal }: Following): AsyncGenerator<readonly LoggedEvent[], void> {
    const inbox = new Inbox([this.interrupted.signal, ...(signal ? [signal] : [])]);
    const unsubscribe = this.feed.subscribe(runId, inbox.put);
    const leave = (): void => {
      unsubscribe();
      inbox.close();
    };
    return endedUnbegun(this.merged(runId, after, known, inbox, leave), leave);
  }

  private async *merged(
    runId: string,
    after: number,
    known: readonly LoggedEvent[] | undefined,
    inbox: Inbox,
    leave: () => void,
  ): AsyncGenerator<readonly LoggedEvent[], void> {
    let last = after;
    try {
      if (known?.length) {
        last = known.at(-1)?.seq ?? last;
        yield known;
      }
      let size = FIRST_PAGE;
      let knownToBeKeptAt = performance.now();
      for (let logIsRead = known !== undefined; ; logIsRead = false) {
        for (let full = !logIsRead; full;) {
          const page = await this.events.read(runId, last, size);
          last = page.at(-1)?.seq ?? last;
          if (page.length > 0) yield page;
          if (endsLog(page)) return;
          full = page.length === size;
          size = nextSize(page, size);
        }
        if (performance.now() - knownToBeKeptAt > LOOK_AFTER_RUN_MS) {
          if (!(await this.events.isKept(runId))) throw notFound(`Run ${runId} was removed with its conversation.`);
          knownToBeKeptAt = performance.now();
        }
        for (let heard = await this.heard(runId, inbox); heard; heard = await this.heard(runId, inbox)) {
          if (heard.length === 0) break;
          const fresh = following(heard, last);
          last += fresh.length;
          if (fresh.length > 0) yield fresh;
          if (endsLog(fresh)) return;
          if (heard.some(({ seq }) => seq > last)) break;
        }
      }
    } finally {
      leave();
    }
  }

  private heard(runId: string, inbox: Inbox): Promise<readonly LoggedEvent[] | undefined> {
    return inbox.next(this.feed.isOwn(runId) ? OWN_POLL_MS : POLL_MS);
  }
}

/** The generator, which also calls `leave` when it is ended before it was begun: none of its own code runs then. */
function endedUnbegun<Item>(items: AsyncGenerator<Item, void>, leave: () => void): AsyncGenerator<Item, void> {
  const next = items.next.bind(items);
  const end = items.return.bind(items);
  let isBegun = false;
  return Object.assign(items, {
    next: () => {
      isBegun = true;
      return next();
    },
    return: (value?: void | PromiseLike<void>) => {
      if (!isBegun) leave();
      return end(value);
    },
  });
}

/** How many events like those of `page` are worth a page. */
function nextSize(page: readonly LoggedEvent[], size: number): number {
  if (page.length === 0) return size;
  const characters = page.reduce((sum, { data }) => sum + data.length, 0);
  return Math.min(MOST_EVENTS, Math.max(1, Math.floor((PAGE_CHARACTERS * page.length) / characters)));
}

const endsLog = (events: readonly LoggedEvent[]): boolean => events.some(({ type }) => isLast(type));

/** Of what was heard, the events that follow number `last` without a hole. */
function following(heard: readonly LoggedEvent[], last: number): readonly LoggedEvent[] {
  const fresh: LoggedEvent[] = [];
  for (const event of heard) if (event.seq === last + fresh.length + 1) fresh.push(event);
  return fresh;
}

/** What the feed brought and the reader has not taken yet. Drops what a slow reader leaves: the log has it. */
class Inbox {
  private batches: (readonly LoggedEvent[])[] = [];
  private characters = 0;
  private wake: (() => void) | undefined;

  constructor(private readonly signals: readonly AbortSignal[]) {
    for (const signal of signals) signal.addEventListener('abort', this.stir);
  }

  readonly put = (events: readonly LoggedEvent[]): void => {
    for (const { data } of events) this.characters += data.length;
    if (this.characters > MAX_INBOX_CHARACTERS) this.batches = [];
    else this.batches.push(events);
    this.wake?.();
  };

  /**
   * The next batches joined; undefined, which sends the reader to the log, when none came within `timeoutMs` or more
   * came than is kept. @throws the reason of an aborted signal
   */
  async next(timeoutMs: number): Promise<readonly LoggedEvent[] | undefined> {
    for (const signal of this.signals) signal.throwIfAborted();
    if (this.batches.length === 0 && this.characters === 0) await this.arrival(timeoutMs);
    for (const signal of this.signals) signal.throwIfAborted();
    const taken = this.batches;
    this.batches = [];
    this.characters = 0;
    return taken.length === 0 ? undefined : taken.flat();
  }

  close(): void {
    for (const signal of this.signals) signal.removeEventListener('abort', this.stir);
  }

  private readonly stir = (): void => this.wake?.();

  private async arrival(timeoutMs: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      this.wake = resolve;
      timer = setTimeout(resolve, timeoutMs);
    });
    clearTimeout(timer);
    this.wake = undefined;
  }
}
