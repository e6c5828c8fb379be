import fc from 'fast-check';
import { take, TokenBuckets, type Bucket } from './token-bucket.js';

const rate = { perMinute: 60, burst: 3 };

describe('take', () => {
  it('allows a burst at once and then refuses with the wait', () => {
    let bucket: Bucket | undefined;
    const answers = [0, 0, 0, 0].map((now) => {
      const taken = take(bucket, now, rate);
      bucket = taken.bucket;
      return taken;
    });
    expect(answers.map(({ allowed }) => allowed)).toEqual([true, true, true, false]);
    expect(answers.map(({ remaining }) => remaining)).toEqual([2, 1, 0, 0]);
    expect(answers.at(-1)).toMatchObject({ retryAfterSeconds: 1, resetSeconds: 3 });
  });

  it('refills with time, never beyond the burst', () => {
    expect(take({ tokens: 0, at: 0 }, 1_000, rate)).toMatchObject({ allowed: true, remaining: 0 });
    expect(take({ tokens: 0, at: 0 }, 999, rate)).toMatchObject({ allowed: false, retryAfterSeconds: 1 });
    expect(take({ tokens: 0, at: 0 }, 1e9, rate)).toMatchObject({ allowed: true, remaining: 2 });
  });

  it('takes nothing back when the clock stands still or turns back', () => {
    expect(take({ tokens: 2, at: 5_000 }, 1_000, rate).remaining).toBe(1);
  });

  it('never allows more than the burst and the refill of the time passed', () => {
    const steps = fc.array(fc.integer({ min: 0, max: 5_000 }), { maxLength: 200 });
    fc.assert(
      fc.property(
        steps,
        fc.integer({ min: 1, max: 600 }),
        fc.integer({ min: 1, max: 50 }),
        (waits, perMinute, burst) => {
          let bucket: Bucket | undefined;
          let now = 0;
          let allowed = 0;
          for (const wait of waits) {
            now += wait;
            const taken = take(bucket, now, { perMinute, burst });
            bucket = taken.bucket;
            allowed += taken.allowed ? 1 : 0;
            expect(taken.allowed || taken.retryAfterSeconds > 0).toBe(true);
          }
          expect(allowed).toBeLessThanOrEqual(burst + (now * perMinute) / 60_000 + 1e-6);
        },
      ),
    );
  });
});

describe('TokenBuckets', () => {
  it('counts every key apart and forgets the longest unused beyond its capacity', () => {
    const buckets = new TokenBuckets({ perMinute: 1, burst: 1 }, 2, () => 0);
    expect(buckets.take('a').allowed).toBe(true);
    expect(buckets.take('b').allowed).toBe(true);
    expect(buckets.take('a').allowed).toBe(false);
    expect(buckets.take('c').allowed).toBe(true);
    expect(buckets.peek('a').allowed).toBe(false);
    expect(buckets.peek('b').allowed).toBe(true);
  });
});
