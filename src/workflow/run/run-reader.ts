import { Injectable } from '@nestjs/common';
import { StreamInterrupted } from '../../platform/http/event-stream.js';
import { EventRepository } from './event.repository.js';
import { isLast, type LoggedEvent } from './run-event.js';
import { RunFeed } from './run-feed.js';

const PAGE = 500;
/** How often the log is looked at for a run that another process executes. */
const POLL_MS = 200;
/** The same for a run of this process, whose hints arrive: only in case one was lost. */
const OWN_POLL_MS = 5_000;
const RETRY_AFTER_SHUTDOWN_MS = 1_000;

/** Reads a run's log from any point and follows it to its end, whichever process writes it. */
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
   * Every event after `after`, in order, without gaps or repeats, ending with the log's last. Listens from the call on,
   * then reads the log, then merges by number and fills holes from the log.
   */
  follow(runId: string, { after, known, signal }: Following): AsyncGenerator<readonly LoggedEvent[], void> {
    const inbox = new Inbox([this.interrupted.signal, ...(signal ? [signal] : [])]);
    const unsubscribe = this.feed.subscribe(runId, inbox.put);
    return this.merged(runId, after, known, inbox, unsubscribe);
  }

  private async *merged(
    runId: string,
    after: number,
    known: readonly LoggedEvent[] | undefined,
    inbox: Inbox,
    unsubscribe: () => void,
  ): AsyncGenerator<readonly LoggedEvent[], void> {
    let last = after;
    try {
      if (known?.length) {
        last = known.at(-1)?.seq ?? last;
        yield known;
      }
      for (let logIsRead = known !== undefined; ; logIsRead = false) {
        for (let full = !logIsRead; full;) {
          const page = await this.events.read(runId, last, PAGE);
          last = page.at(-1)?.seq ?? last;
          if (page.length > 0) yield page;
          if (endsLog(page)) return;
          full = page.length === PAGE;
        }
        for (let heard = await this.heard(runId, inbox); heard; heard = await this.heard(runId, inbox)) {
          const fresh = heard.filter(({ seq }) => seq > last);
          const [first] = fresh;
          if (first && first.seq > last + 1) break;
          last = fresh.at(-1)?.seq ?? last;
          if (fresh.length > 0) yield fresh;
          if (endsLog(fresh)) return;
        }
      }
    } finally {
      unsubscribe();
      inbox.close();
    }
  }

  private heard(runId: string, inbox: Inbox): Promise<readonly LoggedEvent[] | undefined> {
    return inbox.next(this.feed.isOwn(runId) ? OWN_POLL_MS : POLL_MS);
  }
}

const endsLog = (events: readonly LoggedEvent[]): boolean => events.some(({ type }) => isLast(type));

/** What the feed brought and the reader has not taken yet. */
class Inbox {
  private batches: (readonly LoggedEvent[])[] = [];
  private wake: (() => void) | undefined;

  constructor(private readonly signals: readonly AbortSignal[]) {
    for (const signal of signals) signal.addEventListener('abort', this.stir);
  }

  readonly put = (events: readonly LoggedEvent[]): void => {
    this.batches.push(events);
    this.wake?.();
  };

  /** The next batches joined; undefined when none came within `timeoutMs`. @throws the reason of an aborted signal */
  async next(timeoutMs: number): Promise<readonly LoggedEvent[] | undefined> {
    for (const signal of this.signals) signal.throwIfAborted();
    if (this.batches.length === 0) await this.arrival(timeoutMs);
    for (const signal of this.signals) signal.throwIfAborted();
    const taken = this.batches;
    this.batches = [];
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
