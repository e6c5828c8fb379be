import { configuration, setting } from '../config/configuration.js';
import { integer } from '../config/values.js';

export class CacheConfig extends configuration('Cache', {
  ttlMs: setting(
    'CACHE_TTL_MS',
    integer(0, 86_400_000).default(300_000),
    'How long the answers of deterministic runs are kept; 0: not at all.',
  ),
  maxEntries: setting(
    'CACHE_MAX_ENTRIES',
    integer(1, 1_000_000).default(2_000),
    'Most entries that are kept in memory, without REDIS_URL.',
  ),
  maxBytes: setting(
    'CACHE_MAX_BYTES',
    integer(1_000, 10_000_000_000).default(67_108_864),
    'Most bytes of them together.',
  ),
  waitMs: setting(
    'CACHE_WAIT_MS',
    integer(0, 600_000).default(30_000),
    'Longest a run waits for another one that asks a model the same, before it asks itself.',
  ),
}) {}
