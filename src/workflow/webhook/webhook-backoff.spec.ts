import { pauseAfter } from './webhook-backoff.js';

describe('the pause before a webhook is tried again', () => {
  const pauses = Array.from({ length: 20 }, (_, index) => pauseAfter(index + 1));

  it('is 5 s, 30 s, 2 min, 10 min, 1 h and 6 h', () => {
    expect(pauses.slice(0, 6)).toEqual([5_000, 30_000, 120_000, 600_000, 3_600_000, 21_600_000]);
  });

  it('is none after the seventh attempt: it was the last', () => {
    expect(pauses.slice(6).every((pause) => pause === undefined)).toBe(true);
  });
});
