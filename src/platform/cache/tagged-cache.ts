import { Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { newId } from '../clock/id.js';
import { Clock } from '../clock/clock.js';
import { withinDeadline } from '../clock/deadline.js';
import { Sealer } from '../sealing/sealer.js';
import { CacheConfig } from './cache.config.js';
import { CacheTally, type CacheCounters } from './cache-counters.js';
import type { CacheSnapshot } from './cache-statistics.js';
import type { CacheStore } from './cache-store.js';

/** A store that is slower than this answers as if it were empty. */
const PATIENCE_MS = 250;
const PURPOSE = 'cached value';
/** The tag of what was made with passages of documents. */
export const DOCUMENTS_TAG = 'documents';
/** The tag that everything of a workspace has. */
const EVERYTHING = '*';
const MAX_EPOCHS = 20_000;
const WORKSPACES_COUNTED = 2_000;
/** Longest value that is kept, in characters of its JSON text. */
const MAX_VALUE = 262_144;

/** What a workspace's entries are counted as: in memory, or null where a shared store holds them. */
export interface WorkspaceCache extends Omit<CacheSnapshot, 'size'> {
  readonly size: number | null;
}

interface Entry {
  readonly value: unknown;
  readonly storedAt: number;
  /** The epoch of each tag when the value was asked for. */
  readonly epochs: Readonly<Record<string, string>>;
}

export interface Found {
  readonly value: unknown;
  /** Milliseconds since it was stored. */
  readonly ageMs: number;
}

/** The epochs of some tags at one moment: what is stored with them is void once one of them has changed. */
export type Epochs = Readonly<Record<string, string>>;

/**
 * Values of a workspace under hashed keys, with a time to live and tags by which they are made void before it is over. No
 * workspace's key is ever another's. What fails is a miss: nobody waits for a cache.
 */
@Injectable()
export class TaggedCache implements OnApplicationShutdown {
  private readonly logger = new Logger('Cache');
  /** Without a shared store: what {@link invalidate} has changed, by workspace and tag. */
  private readonly epochs = new Map<string, string>();
  /** The epoch of what was never changed: another one when so many were changed that they are forgotten. */
  private generation = newId();
  private readonly tallies = new Map<string, CacheTally>();
  private readonly tally: CacheTally;

  constructor(
    private readonly store: CacheStore,
    private readonly config: CacheConfig,
    private readonly sealer: Sealer,
    private readonly clock: Clock,
    counters: CacheCounters,
  ) {
    this.tally = counters.join(() => this.store.sizeOf('') ?? 0);
  }

  get isOn(): boolean {
    return this.config.ttlMs > 0;
  }

  /** An entry was dropped for want of room. */
  evicted(key: string): void {
    this.tally.evicted();
    this.tallyOf(key.slice(0, key.indexOf(':'))).evicted();
  }

  /** The epochs that a value is stored with: to be asked for before the value is. */
  async epochsOf(workspaceId: string, tags: readonly string[]): Promise<Epochs> {
    const all = [EVERYTHING, ...tags];
    const known = await this.read(all.map((tag) => epochKey(workspaceId, tag)));
    return Object.fromEntries(all.map((tag, index) => [tag, known[index] ?? this.unchanged]));
  }

  /** What is stored under the key, unless it is too old or one of its tags was made void; counts as a hit or a miss. */
  async get(workspaceId: string, key: string, epochs: Epochs): Promise<Found | undefined> {
    const found = await this.safely(async () =>
      this.opened(await this.store.cache.get<string>(entryKey(workspaceId, key))),
    );
    const isValid = found !== undefined && Object.entries(found.epochs).every(([tag, epoch]) => epochs[tag] === epoch);
    const ageMs = found ? Math.max(0, this.clock.millis() - found.storedAt) : 0;
    if (!isValid || ageMs >= this.config.ttlMs) {
      if (found) await this.safely(() => this.store.cache.del(entryKey(workspaceId, key)));
      this.miss(workspaceId);
      return undefined;
    }
    this.hit(workspaceId);
    return { value: found.value, ageMs };
  }

  /** Counts a question that was answered without the store, by somebody else's question. */
  hit(workspaceId: string): void {
    this.tally.hit();
    this.tallyOf(workspaceId).hit();
  }

  async set(workspaceId: string, key: string, value: unknown, epochs: Epochs): Promise<void> {
    const text = JSON.stringify({ value, storedAt: this.clock.millis(), epochs } satisfies Entry);
    if (text.length > MAX_VALUE) return;
    const kept = this.store.isShared ? this.sealer.seal(text, PURPOSE).toString('base64') : text;
    await this.safely(() => this.store.cache.set(entryKey(workspaceId, key), kept, this.config.ttlMs));
  }

  /** Makes everything of the workspace void that has the tag; without one, all of it. False when the store is away. */
  async invalidate(workspaceId: string, tag: string = EVERYTHING): Promise<boolean> {
    const key = epochKey(workspaceId, tag);
    const epoch = newId();
    if (this.store.isShared) {
      // Whatever was stored before is gone by itself when the epoch is.
      const kept = await this.safely(async () => {
        await this.store.cache.set(key, epoch, this.config.ttlMs * 2);
        return this.store.cache.get<string>(key);
      });
      if (kept !== epoch) this.logger.warn(`What has the tag ${tag} stays until its time is over: the store is away.`);
      return kept === epoch;
    }
    if (this.epochs.size >= MAX_EPOCHS) {
      this.epochs.clear();
      this.generation = newId();
    }
    this.epochs.set(key, epoch);
    if (tag === EVERYTHING) this.store.forget(`${workspaceId}:`);
    return true;
  }

  statsOf(workspaceId: string): WorkspaceCache {
    const size = this.store.sizeOf(`${workspaceId}:`);
    return { ...this.tallyOf(workspaceId).snapshot(size ?? 0), size };
  }

  /** What drains may still make something void. */
  async onApplicationShutdown(): Promise<void> {
    await this.store.close();
  }

  /** The epoch of a tag that was never made void, or so long ago that nothing is left from before. */
  private get unchanged(): string {
    return this.store.isShared ? '' : this.generation;
  }

  private miss(workspaceId: string): void {
    this.tally.miss();
    this.tallyOf(workspaceId).miss();
  }

  private async read(keys: readonly string[]): Promise<readonly (string | undefined)[]> {
    if (!this.store.isShared) return keys.map((key) => this.epochs.get(key));
    // Without an answer nothing may be taken for valid: a value of its own.
    return (await this.safely(() => this.store.cache.mget<string>([...keys]))) ?? keys.map(() => newId());
  }

  private opened(kept: string | undefined | null): Entry | undefined {
    if (typeof kept !== 'string') return undefined;
    const text = this.store.isShared ? this.sealer.open(Buffer.from(kept, 'base64'), PURPOSE) : kept;
    return JSON.parse(text) as Entry;
  }

  private async safely<Result>(work: () => Promise<Result>): Promise<Result | undefined> {
    if (this.store.isAway()) return undefined;
    try {
      const { signal } = new AbortController();
      return await withinDeadline(PATIENCE_MS, signal, () => new Error('The store is slow.'), work);
    } catch {
      return undefined;
    }
  }

  private tallyOf(workspaceId: string): CacheTally {
    const tally = this.tallies.get(workspaceId) ?? new CacheTally();
    this.tallies.delete(workspaceId);
    this.tallies.set(workspaceId, tally);
    const [oldest] = this.tallies.keys();
    if (this.tallies.size > WORKSPACES_COUNTED && oldest !== undefined) this.tallies.delete(oldest);
    return tally;
  }
}

const entryKey = (workspaceId: string, key: string): string => `${workspaceId}:${key}`;
const epochKey = (workspaceId: string, tag: string): string => `epoch:${workspaceId}:${tag}`;
