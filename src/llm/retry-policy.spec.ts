import fc from 'fast-check';
import { Problem } from '../platform/problem/problem.js';
import {
  modelAuthenticationFailed,
  modelRateLimited,
  modelRejected,
  modelStreamBroken,
  modelTimeout,
  modelUnavailable,
} from './llm.errors.js';
import { DEFAULT_RETRY_POLICY, retryDelayMs } from './retry-policy.js';

const delay = (error: unknown, failures = 1, random = 0.5) =>
  retryDelayMs(error, failures, random, DEFAULT_RETRY_POLICY);

describe('retryDelayMs', () => {
  it.each([modelRateLimited, modelUnavailable, modelStreamBroken])('repeats what may pass ($type.slug)', (maker) => {
    expect(delay(maker('x'))).toBe(250);
  });

  it.each([modelTimeout, modelAuthenticationFailed, modelRejected])(
    'does not repeat what will not ($type.slug)',
    (maker) => {
      expect(delay(maker('x'))).toBeUndefined();
    },
  );

  it('does not repeat what is no problem of ours', () => {
    expect(delay(new Error('boom'))).toBeUndefined();
    expect(delay(undefined)).toBeUndefined();
  });

  it('gives up after the last retry', () => {
    expect(delay(modelUnavailable('x'), 2)).toBe(500);
    expect(delay(modelUnavailable('x'), 3)).toBeUndefined();
  });

  it('waits at least as long as the provider asks, and not at all when that is too long', () => {
    expect(delay(rateLimited(3))).toBe(3_000);
    expect(delay(rateLimited(10))).toBe(10_000);
    expect(delay(rateLimited(11))).toBeUndefined();
  });

  it('spreads the back-off by half around its value and never exceeds the longest delay', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        fc.integer({ min: 1, max: 20 }),
        (random, failures) => {
          const wait = retryDelayMs(modelUnavailable('x'), failures, random, {
            ...DEFAULT_RETRY_POLICY,
            maxRetries: 20,
          });
          const middle = 250 * 2 ** (failures - 1);
          expect(wait).toBeGreaterThanOrEqual(Math.min(10_000, middle / 2));
          expect(wait).toBeLessThanOrEqual(Math.min(10_000, middle * 1.5));
        },
      ),
    );
  });
});

const rateLimited = (seconds: number): Problem =>
  modelRateLimited('x', { headers: { 'Retry-After': String(seconds) } });
