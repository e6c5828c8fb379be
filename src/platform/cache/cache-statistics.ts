/** How the caches of this process do, together. */
export interface CacheSnapshot {
  /** Entries that are held in memory now. */
  readonly size: number;
  /** Questions that were answered from a cache since the start of the process. */
  readonly hits: number;
  readonly misses: number;
  /** Hits of all questions, 0 to 1; null while there was none. */
  readonly hitRate: number | null;
  /** Entries that were dropped for want of room. */
  readonly evictions: number;
}

/** Tells how the caches do: every cache of the process counts here. */
export abstract class CacheStatistics {
  abstract snapshot(): CacheSnapshot;
}
