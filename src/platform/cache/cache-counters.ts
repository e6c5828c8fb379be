import { Injectable } from '@nestjs/common';
import { CacheStatistics, type CacheSnapshot } from './cache-statistics.js';

/** What one cache, or one workspace's part of it, has done. */
export class CacheTally {
  private hits = 0;
  private misses = 0;
  private evictions = 0;

  hit(): void {
    this.hits += 1;
  }

  miss(): void {
    this.misses += 1;
  }

  evicted(): void {
    this.evictions += 1;
  }

  snapshot(size: number): CacheSnapshot {
    const { hits, misses, evictions } = this;
    return { size, hits, misses, hitRate: rateOf(hits, misses), evictions };
  }
}

/** Where every cache of the process counts. */
@Injectable()
export class CacheCounters extends CacheStatistics {
  private readonly caches: { readonly tally: CacheTally; readonly size: () => number }[] = [];

  /** A cache joins in. @param size how many entries it holds now */
  join(size: () => number): CacheTally {
    const tally = new CacheTally();
    this.caches.push({ tally, size });
    return tally;
  }

  snapshot(): CacheSnapshot {
    const all = this.caches.map(({ tally, size }) => tally.snapshot(size()));
    const sum = (name: 'size' | 'hits' | 'misses' | 'evictions'): number =>
      all.reduce((total, each) => total + each[name], 0);
    const [hits, misses] = [sum('hits'), sum('misses')];
    return { size: sum('size'), hits, misses, hitRate: rateOf(hits, misses), evictions: sum('evictions') };
  }
}

const rateOf = (hits: number, misses: number): number | null =>
  hits + misses === 0 ? null : Number((hits / (hits + misses)).toFixed(4));
