import fc from 'fast-check';
import { modelAuthenticationFailed } from '../../llm/llm.errors.js';
import { Problem } from '../../platform/problem/problem.js';
import { limitReached } from '../workflow.errors.js';
import { Retry } from '../definition/definition.js';
import { delayBefore, isRetried } from './retry.js';

const problem = (status: number): Problem =>
  new Problem({ slug: `s${status}`, status, title: 'T', explanation: 'E.' }, 'detail');
const KINDS = ['timeout', 'rateLimited', 'unavailable'] as const;

describe('whether a node is tried again', () => {
  it.each([
    [408, 'timeout'],
    [504, 'timeout'],
    [429, 'rateLimited'],
    [502, 'unavailable'],
    [503, 'unavailable'],
    [400, undefined],
    [401, undefined],
    [404, undefined],
    [422, undefined],
    [500, undefined],
  ])('after status %i is a matter of %p alone', (status, kind) => {
    const taken = KINDS.filter((on) => isRetried(problem(status), Retry.parse({ on: [on] })));
    expect(taken).toEqual(kind === undefined ? [] : [kind]);
  });

  it('asks no provider again that refuses the key', () => {
    const refused = modelAuthenticationFailed('The key is refused.');
    expect(KINDS.map((on) => isRetried(refused, Retry.parse({ on: [on] })))).toEqual([false, false, false]);
  });

  it('counts a limit of time as a timeout', () => {
    const limit = limitReached('nodeTimeoutMs', 5, 'It');
    expect(KINDS.map((on) => isRetried(limit, Retry.parse({ on: [on] })))).toEqual([true, false, false]);
  });
});

describe('the pause before an attempt', () => {
  it('grows by the factor', () => {
    const retry = Retry.parse({ backoffMs: 100, factor: 3, jitter: false });
    expect([2, 3, 4].map((attempt) => delayBefore(attempt, retry))).toEqual([100, 300, 900]);
  });

  it('is shortened at random by up to half, and never longer than five minutes', () => {
    const retries = fc.record({
      backoffMs: fc.nat(60_000),
      factor: fc.double({ min: 1, max: 10, noNaN: true }),
      jitter: fc.boolean(),
    });
    fc.assert(
      fc.property(
        retries,
        fc.integer({ min: 2, max: 10 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (given, attempt, random) => {
          const retry = Retry.parse(given);
          const delay = delayBefore(attempt, retry, random);
          const whole = delayBefore(attempt, { ...retry, jitter: false }, random);
          expect(Number.isInteger(delay)).toBe(true);
          expect(whole).toBeLessThanOrEqual(300_000);
          expect(delay).toBeLessThanOrEqual(whole);
          expect(delay).toBeGreaterThanOrEqual(Math.floor(whole / 2));
          if (!retry.jitter) expect(delay).toBe(whole);
        },
      ),
    );
  });
});
