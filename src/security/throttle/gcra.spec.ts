import fc from 'fast-check';
import { perMinute, retryAfterSeconds } from './gcra.js';

describe('a rate per minute', () => {
  it('spreads its limit over a minute', () => {
    expect(perMinute(10)).toEqual({ limit: 10, intervalMs: 6_000, windowMs: 60_000 });
  });

  it('asks to wait for the next free act, not for a full allowance', () => {
    expect(retryAfterSeconds(60_000, perMinute(10))).toBe(6);
    expect(retryAfterSeconds(57_500, perMinute(10))).toBe(4);
  });

  it('never asks to wait less than a second or more than one interval, and waiting suffices', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 10_000 }), fc.double({ min: 0, max: 1, noNaN: true }), (limit, spent) => {
        const rate = perMinute(limit);
        const fullInMs = rate.windowMs - rate.intervalMs + spent * rate.intervalMs;
        const waitMs = retryAfterSeconds(fullInMs, rate) * 1_000;
        expect(waitMs).toBeGreaterThanOrEqual(1_000);
        expect(waitMs).toBeLessThanOrEqual(Math.max(1_000, Math.ceil(rate.intervalMs / 1_000) * 1_000));
        expect(fullInMs - waitMs + rate.intervalMs).toBeLessThanOrEqual(rate.windowMs + 1e-6);
      }),
    );
  });
});
