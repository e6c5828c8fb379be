import { Breaker } from './breaker.js';

const breakerAt = (random = 0.5) => {
  const clock = { now: 0 };
  const breaker = new Breaker({ now: () => clock.now, random: () => random });
  const fail = (times: number) => {
    for (let failure = 0; failure < times; failure++) breaker.failed();
  };
  return { breaker, clock, fail };
};

describe('the breaker', () => {
  it('lets everybody try until three failures in a row', () => {
    const { breaker, fail } = breakerAt();
    fail(2);
    breaker.succeeded();
    fail(2);
    expect(breaker.state).toBe('closed');
    expect(breaker.enter()).toBe(0);
    fail(1);
    expect(breaker.state).toBe('open');
    expect(breaker.enter()).toBe(2_000);
  });

  it('lets one try when its pause is over, and closes when that succeeds', () => {
    const { breaker, clock, fail } = breakerAt();
    fail(3);
    clock.now = 2_000;
    expect(breaker.state).toBe('half-open');
    expect(breaker.enter()).toBe(0);
    expect(breaker.enter()).toBeGreaterThan(0);
    breaker.succeeded();
    expect(breaker.state).toBe('closed');
    expect(breaker.enter()).toBe(0);
    expect(breaker.enter()).toBe(0);
  });

  it('pauses twice as long each time a try fails, up to two minutes', () => {
    const { breaker, clock, fail } = breakerAt();
    fail(3);
    const pauses: number[] = [];
    for (let tries = 0; tries < 9; tries++) {
      pauses.push(breaker.enter());
      clock.now += breaker.enter();
      expect(breaker.enter()).toBe(0);
      breaker.failed();
    }
    expect(pauses).toEqual([2_000, 4_000, 8_000, 16_000, 32_000, 64_000, 120_000, 120_000, 120_000]);
  });

  it('pauses a quarter less or more, by chance', () => {
    const least = breakerAt(0);
    const most = breakerAt(1);
    least.fail(3);
    most.fail(3);
    expect([least.breaker.enter(), most.breaker.enter()]).toEqual([1_500, 2_500]);
  });

  it('lets another try when whoever tried has left', () => {
    const { breaker, clock, fail } = breakerAt();
    fail(3);
    clock.now = 2_000;
    breaker.enter();
    breaker.abandoned();
    expect(breaker.enter()).toBe(0);
  });
});
