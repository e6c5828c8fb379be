import type { BackendFactory, Queue, Worker } from 'bullmq';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Broker, Pointer } from './broker.js';
import { within } from './within.js';

/** What differs between the stores of BullMQ. */
export interface BullStore {
  readonly backend: BackendFactory;
  /** BullMQ's options of the connection; shared by all queues and workers. */
  readonly connection: object;
  readonly prefix?: string;
  /** Longest an idle worker waits before it looks without having been told, in seconds. */
  readonly idleLookS: number;
  /** Whether all that is asked of the store now waits for it to be back. */
  readonly isAway: boolean;
  /** Whether `error` says that what BullMQ made in the store is gone, so that only a new broker helps. */
  isGone(error: unknown): boolean;
  ping(): Promise<void>;
  /** Ends every connection, whatever still waits for an answer. */
  close(): Promise<void>;
}

export interface BrokerListener {
  onError(error: unknown): void;
  /** The broker is of no use any more. May be called more than once. */
  onGone(): void;
}

/** Attempts, retries and results are the tables' affair: a job is gone once it was handled. */
const KEEP_NOTHING = { removeOnComplete: true, removeOnFail: true, attempts: 1 };
/** Of each queue's event stream, which nobody reads. */
const MAX_EVENTS = 100;
/** A job of a killed process is handed out again, however often: giving up is the tables' affair too. */
const MAX_STALLS = 1_000_000;
const RETRY_MS = 1_000;
const CLOSE_MS = 2_000;

/** BullMQ, one queue a topic over few connections. */
export class BullBroker implements Broker {
  private readonly queues = new Map<string, Queue>();
  private readonly workers: Worker[] = [];

  constructor(
    private readonly bull: typeof import('bullmq'),
    private readonly store: BullStore,
    private readonly listener: BrokerListener,
  ) {}

  async put({ topic, id, at }: Pointer): Promise<void> {
    const delay = at - Date.now();
    const time = delay > 0 ? { delay, jobId: `${encodeURIComponent(id)}@${at}` } : {};
    try {
      if (this.store.isAway) throw new Error('Its store is away.');
      await this.queueOf(topic).add(topic, { topic, id }, { ...KEEP_NOTHING, ...time });
    } catch (error) {
      this.hear(error);
      throw error;
    }
  }

  consume(topic: string, concurrency: number, handle: (id: string) => Promise<void>): void {
    const { connection, prefix, idleLookS } = this.store;
    const work = ({ data }: { readonly data: { readonly id: string } }): Promise<void> => handle(data.id);
    const options = {
      connection,
      ...(prefix !== undefined && { prefix }),
      concurrency,
      drainDelay: idleLookS,
      maxStalledCount: MAX_STALLS,
      runRetryDelay: RETRY_MS,
    };
    const worker = new this.bull.Worker(topic, work, options, this.patient);
    worker.on('error', (error) => this.hear(error));
    this.workers.push(worker as Worker);
  }

  /** In order it cannot be done while the store is away: BullMQ would wait for it. */
  async drain(): Promise<void> {
    const { isAway } = this.store;
    await Promise.all(this.workers.map((worker) => worker.close(isAway)));
  }

  ping(): Promise<void> {
    return this.store.ping();
  }

  async close(): Promise<void> {
    const parts = [...this.workers, ...this.queues.values()];
    await within(CLOSE_MS, Promise.allSettled(parts.map((part) => part.close()))).catch(() => undefined);
    await this.store.close();
  }

  private queueOf(topic: string): Queue {
    const known = this.queues.get(topic);
    if (known) return known;
    const { backend, connection, prefix } = this.store;
    const options = {
      connection,
      ...(prefix !== undefined && { prefix }),
      streams: { events: { maxLen: MAX_EVENTS } },
    };
    const queue = new this.bull.Queue(topic, options, backend) as Queue;
    queue.on('error', (error) => this.hear(error));
    this.queues.set(topic, queue);
    return queue;
  }

  /** BullMQ's workers ask again at once, or nearly, when asking fails, unless nobody listens at the address. */
  private readonly patient: BackendFactory = (name, options, purpose) => {
    const backend = this.store.backend(name, options, purpose);
    const [take, wait] = [backend.moveToActive.bind(backend), backend.waitForJob.bind(backend)];
    backend.moveToActive = (...asked) => this.patiently(take(...asked));
    backend.waitForJob = (...asked) => this.patiently(wait(...asked));
    return backend;
  };

  private async patiently<Answer>(answer: Promise<Answer>): Promise<Answer> {
    try {
      return await answer;
    } catch (error) {
      this.hear(error);
      await sleep(RETRY_MS);
      throw error;
    }
  }

  private hear(error: unknown): void {
    this.listener.onError(error);
    if (this.store.isGone(error)) this.listener.onGone();
  }
}
