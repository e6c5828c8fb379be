import { createCache, type Cache } from 'cache-manager';
import { Keyv } from 'keyv';
import { BoundedMemory } from './bounded-memory.js';
import type { CacheConfig } from './cache.config.js';

const CONNECT_TIMEOUT_MS = 2_000;
const LONGEST_RETRY_MS = 2_000;

/** Where cached values are kept, behind the interface of cache-manager. */
export interface CacheStore {
  readonly cache: Cache;
  /** Entries of keys that begin so; null where that cannot be told. */
  readonly sizeOf: (prefix: string) => number | null;
  /** Forgets the entries of keys that begin so, where they can be found. */
  readonly forget: (prefix: string) => void;
  readonly isShared: boolean;
  /** Whether there is no use in asking. */
  readonly isAway: () => boolean;
  readonly close: () => Promise<void>;
}

/** In the memory of this process. */
export function memoryStore(
  { maxEntries, maxBytes, ttlMs }: Pick<CacheConfig, 'maxEntries' | 'maxBytes' | 'ttlMs'>,
  onEvicted: (key: string) => void,
): CacheStore {
  const memory = new BoundedMemory({ maxEntries, maxBytes, onEvicted });
  return {
    cache: createCache({ stores: [new Keyv({ store: memory, useKeyPrefix: false })], ttl: ttlMs }),
    sizeOf: (prefix) => memory.countOf(prefix),
    forget: (prefix) => memory.forget(prefix),
    isShared: false,
    isAway: () => false,
    close: async () => undefined,
  };
}

/** In Redis, for all processes that share it. One that is away answers nothing, and at once. */
export async function redisStore(url: string, prefix: string, ttlMs: number): Promise<CacheStore> {
  const { default: KeyvRedis, createClient } = await import('@keyv/redis');
  const client = createClient({
    url,
    disableOfflineQueue: true,
    socket: {
      connectTimeout: CONNECT_TIMEOUT_MS,
      reconnectStrategy: (retries: number) => Math.min(retries * 100, LONGEST_RETRY_MS),
    },
  });
  client.on('error', () => undefined);
  // Goes on trying for as long as it takes; what is asked meanwhile fails.
  client.connect().catch(() => undefined);
  const namespace = `${prefix}:cache`;
  const redis = new KeyvRedis<string>(client, { namespace, throwOnConnectError: false, throwOnErrors: false });
  redis.on('error', () => undefined);
  const keyv = new Keyv({ store: redis, namespace, useKeyPrefix: false, emitErrors: false });
  keyv.on('error', () => undefined);
  return {
    cache: createCache({ stores: [keyv], ttl: ttlMs }),
    sizeOf: () => null,
    forget: () => undefined,
    isShared: true,
    isAway: () => !client.isReady,
    close: async () => client.destroy(),
  };
}
