import { setTimeout as sleep } from 'node:timers/promises';
import { Clock } from '../clock/clock.js';
import { Sealer } from '../sealing/sealer.js';
import { CacheCounters } from './cache-counters.js';
import { memoryStore, type CacheStore } from './cache-store.js';
import { TaggedCache } from './tagged-cache.js';

class TestClock extends Clock {
  at = 1_000_000;
  override millis(): number {
    return this.at;
  }
}

const TTL_MS = 60_000;

describe('a cache of tagged values', () => {
  let clock: TestClock;
  let counters: CacheCounters;

  const cacheOver = (store: CacheStore) =>
    new TaggedCache(
      store,
      { ttlMs: TTL_MS, maxEntries: 2, maxBytes: 10_000, waitMs: 1 },
      new Sealer(Buffer.alloc(32, 7)),
      clock,
      counters,
    );
  const inMemory = () => {
    const cell: { cache?: TaggedCache } = {};
    const evicted = (key: string): void => cell.cache?.evicted(key);
    cell.cache = cacheOver(memoryStore({ ttlMs: TTL_MS, maxEntries: 2, maxBytes: 10_000 }, evicted));
    return cell.cache;
  };
  const put = async (
    cache: TaggedCache,
    workspace: string,
    key: string,
    value: unknown,
    tags: readonly string[] = [],
  ) => cache.set(workspace, key, value, await cache.epochsOf(workspace, tags));
  const look = async (cache: TaggedCache, workspace: string, key: string, tags: readonly string[] = []) =>
    (await cache.get(workspace, key, await cache.epochsOf(workspace, tags)))?.value;

  beforeEach(() => {
    clock = new TestClock();
    counters = new CacheCounters();
  });

  it('answers what was stored until its time is over, with its age', async () => {
    const cache = inMemory();
    await put(cache, 'w', 'k', { text: 'a' });
    clock.at += TTL_MS - 1;
    expect(await cache.get('w', 'k', await cache.epochsOf('w', []))).toEqual({
      value: { text: 'a' },
      ageMs: TTL_MS - 1,
    });
    clock.at += 1;
    expect(await look(cache, 'w', 'k')).toBeUndefined();
  });

  it('answers nothing of another workspace', async () => {
    const cache = inMemory();
    await put(cache, 'w', 'k', 1);
    expect(await look(cache, 'v', 'k')).toBeUndefined();
  });

  it('makes void what has a tag, of one workspace alone, also when the value was asked for before', async () => {
    const cache = inMemory();
    await put(cache, 'w', 'k', 1, ['a', 'b']);
    await put(cache, 'v', 'k', 2, ['a', 'b']);
    await cache.invalidate('w', 'c');
    expect(await look(cache, 'w', 'k', ['a', 'b'])).toBe(1);
    const early = await cache.epochsOf('w', ['a', 'b']);
    await cache.invalidate('w', 'b');
    expect(await look(cache, 'w', 'k', ['a', 'b'])).toBeUndefined();
    expect(await look(cache, 'v', 'k', ['a', 'b'])).toBe(2);
    await cache.set('w', 'k', 'asked before', early);
    expect(await look(cache, 'w', 'k', ['a', 'b'])).toBeUndefined();
  });

  it('makes all of a workspace void, and holds none of it any more', async () => {
    const cache = inMemory();
    await put(cache, 'w', 'k', 1, ['a']);
    await put(cache, 'v', 'k', 2);
    await cache.invalidate('w');
    expect(await look(cache, 'w', 'k', ['a'])).toBeUndefined();
    expect([cache.statsOf('w').size, cache.statsOf('v').size]).toEqual([0, 1]);
  });

  it('counts for the process and for each workspace', async () => {
    const cache = inMemory();
    expect(counters.snapshot()).toEqual({ size: 0, hits: 0, misses: 0, hitRate: null, evictions: 0 });
    for (const key of ['a', 'b', 'c']) await put(cache, 'w', key, key);
    await look(cache, 'w', 'a');
    await look(cache, 'w', 'c');
    await look(cache, 'v', 'c');
    expect(counters.snapshot()).toEqual({ size: 2, hits: 1, misses: 2, hitRate: 0.3333, evictions: 1 });
    expect(cache.statsOf('w')).toEqual({ size: 2, hits: 1, misses: 1, hitRate: 0.5, evictions: 1 });
    expect(cache.statsOf('v')).toEqual({ size: 0, hits: 0, misses: 1, hitRate: 0, evictions: 0 });
  });

  it('keeps nobody waiting for a store that does not answer, and takes nothing of it for valid', async () => {
    const never = () => new Promise<never>(() => undefined);
    const { cache, ...rest } = memoryStore({ ttlMs: TTL_MS, maxEntries: 2, maxBytes: 100 }, () => undefined);
    const stuck = cacheOver({ ...rest, isShared: true, cache: { ...cache, get: never, mget: never, set: never } });
    const looked = look(stuck, 'w', 'k').then(() => 'done');
    const given = new AbortController();
    const late = sleep(60_000, 'late', { signal: given.signal }).catch(() => 'given up');
    expect(await Promise.race([looked, late])).toBe('done');
    given.abort();
    const first = await stuck.epochsOf('w', ['a']);
    expect(first).not.toEqual(await stuck.epochsOf('w', ['a']));
  });

  it('stores nothing readable in a shared store', async () => {
    const store = memoryStore({ ttlMs: TTL_MS, maxEntries: 10, maxBytes: 10_000 }, () => undefined);
    const cache = cacheOver({ ...store, isShared: true });
    await put(cache, 'w', 'k', 'a secret answer', ['a']);
    expect(await look(cache, 'w', 'k', ['a'])).toBe('a secret answer');
    const kept = await store.cache.get<string>('w:k');
    expect(kept).toEqual(expect.any(String));
    expect(Buffer.from(String(kept), 'base64').toString()).not.toContain('secret');
    await cache.invalidate('w', 'a');
    expect(await look(cache, 'w', 'k', ['a'])).toBeUndefined();
  });
});
