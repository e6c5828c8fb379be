import { CacheTally, type CacheCounters } from './cache-counters.js';

interface Entry<Value> {
  readonly readAt: number;
  readonly value: Promise<Value>;
}

interface Bounds {
  /** Milliseconds, counted from the moment a read began. */
  readonly maxAgeMs: number;
  /** Most keys kept; the oldest read goes first. */
  readonly capacity: number;
}

/**
 * What was read a moment ago, by key, so that not every request asks the database. Simultaneous readers of a key share
 * one read; a read that fails is not kept.
 */
export class RecentReads<Value> {
  private readonly entries = new Map<string, Entry<Value>>();
  private tally = new CacheTally();

  constructor(
    private readonly bounds: Bounds,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** Counts from now on with the caches of the process. */
  countIn(counters: CacheCounters): this {
    this.tally = counters.join(() => this.entries.size);
    return this;
  }

  get(key: string, read: () => Promise<Value>): Promise<Value> {
    const known = this.entries.get(key);
    if (known && this.now() - known.readAt < this.bounds.maxAgeMs) {
      this.tally.hit();
      return known.value;
    }
    this.tally.miss();
    return this.keep(key, read());
  }

  /** The next reader of the key reads anew. A read that is under way is not kept. */
  forget(key: string): void {
    this.entries.delete(key);
  }

  private keep(key: string, value: Promise<Value>): Promise<Value> {
    const entry = { readAt: this.now(), value };
    this.entries.delete(key);
    this.entries.set(key, entry);
    value.catch(() => this.entries.get(key) === entry && this.entries.delete(key));
    if (this.entries.size > this.bounds.capacity) this.dropOldest();
    return value;
  }

  private dropOldest(): void {
    const [oldest] = this.entries.keys();
    if (oldest === undefined) return;
    this.entries.delete(oldest);
    this.tally.evicted();
  }
}
