import { CACHE_MANAGER } from '@nestjs/cache-manager';
import { Global, Module } from '@nestjs/common';
import { Clock } from '../clock/clock.js';
import { provideConfiguration } from '../config/configuration.js';
import { QueueConfig } from '../queue/queue.config.js';
import { Sealer } from '../sealing/sealer.js';
import { CacheController } from './cache.controller.js';
import { CacheConfig } from './cache.config.js';
import { CacheCounters } from './cache-counters.js';
import { CacheStatistics } from './cache-statistics.js';
import { memoryStore, redisStore } from './cache-store.js';
import { TaggedCache } from './tagged-cache.js';

/** Caches: in memory, or in Redis where there is one, and how they do. */
@Global()
@Module({
  controllers: [CacheController],
  providers: [
    provideConfiguration(CacheConfig),
    CacheCounters,
    { provide: CacheStatistics, useExisting: CacheCounters },
    { provide: TaggedCache, inject: [CacheConfig, QueueConfig, Sealer, Clock, CacheCounters], useFactory: createCache },
    {
      provide: CACHE_MANAGER,
      inject: [CacheConfig],
      useFactory: (config: CacheConfig) => memoryStore(config, () => undefined).cache,
    },
  ],
  exports: [CACHE_MANAGER, CacheConfig, CacheCounters, CacheStatistics, TaggedCache],
})
export class CacheModule {}

async function createCache(
  config: CacheConfig,
  { redisUrl, prefix }: QueueConfig,
  sealer: Sealer,
  clock: Clock,
  counters: CacheCounters,
): Promise<TaggedCache> {
  const cell: { cache?: TaggedCache } = {};
  const store =
    redisUrl === undefined
      ? memoryStore(config, (key) => cell.cache?.evicted(key))
      : await redisStore(redisUrl, prefix, config.ttlMs);
  cell.cache = new TaggedCache(store, config, sealer, clock, counters);
  return cell.cache;
}
