import { CacheCounters } from './cache-counters.js';
import { RecentReads } from './recent-reads.js';

describe('RecentReads', () => {
  let now = 0;
  let reads: string[] = [];
  const recent = (capacity = 10) => new RecentReads<string>({ maxAgeMs: 1_000, capacity }, () => now);
  const read = (value: string) => () => {
    reads.push(value);
    return Promise.resolve(value);
  };

  beforeEach(() => {
    now = 0;
    reads = [];
  });

  it('reads once within the age and anew after it', async () => {
    const values = recent();
    await values.get('a', read('first'));
    now = 999;
    expect(await values.get('a', read('second'))).toBe('first');
    now = 1_000;
    expect(await values.get('a', read('third'))).toBe('third');
    expect(reads).toEqual(['first', 'third']);
  });

  it('shares one read between simultaneous readers', async () => {
    const values = recent();
    await Promise.all([values.get('a', read('one')), values.get('a', read('two'))]);
    expect(reads).toEqual(['one']);
  });

  it('reads anew after forgetting, also while a read is under way', async () => {
    const values = recent();
    const stale = Promise.withResolvers<string>();
    const early = values.get('a', () => stale.promise);
    values.forget('a');
    expect(await values.get('a', read('fresh'))).toBe('fresh');
    stale.resolve('stale');
    expect(await early).toBe('stale');
    expect(await values.get('a', read('unused'))).toBe('fresh');
  });

  it('does not keep a failed read', async () => {
    const values = recent();
    await expect(values.get('a', () => Promise.reject(new Error('down')))).rejects.toThrow('down');
    expect(await values.get('a', read('up'))).toBe('up');
  });

  it('counts with the other caches once it is told to', async () => {
    const counters = new CacheCounters();
    const values = recent(2).countIn(counters);
    for (const key of ['a', 'b', 'c', 'c']) await values.get(key, read(key));
    expect(counters.snapshot()).toEqual({ size: 2, hits: 1, misses: 3, hitRate: 0.25, evictions: 1 });
  });

  it('keeps at most its capacity', async () => {
    const values = recent(2);
    for (const key of ['a', 'b', 'c']) await values.get(key, read(key));
    await values.get('c', read('again c'));
    await values.get('a', read('again a'));
    expect(reads).toEqual(['a', 'b', 'c', 'again a']);
  });
});
