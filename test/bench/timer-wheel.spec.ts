import { setTimeout as delay } from 'node:timers/promises';
import { TimerWheel } from '../../bench/timer-wheel.ts';

describe('the timer wheel of the fake model server', () => {
  it('keeps the average pace after the process was held up', async () => {
    const wheel = new TimerWheel();
    let turns = 0;
    const startedAt = performance.now();
    const cancel = wheel.add(10, () => {
      turns += 1;
      return 10;
    });
    await delay(50);
    const until = performance.now() + 150;
    while (performance.now() < until);
    await delay(50);
    cancel();
    const served = turns;
    const due = (performance.now() - startedAt) / 10;
    await delay(50);

    expect(served).toBeGreaterThanOrEqual(0.8 * due - 3);
    expect(served).toBeLessThanOrEqual(1.2 * due + 3);
    expect(turns).toBe(served);
  });

  it('ends an entry that asks for no further turn, and serves the others', async () => {
    const wheel = new TimerWheel();
    const seen: string[] = [];
    wheel.add(5, () => void seen.push('once'));
    const cancel = wheel.add(20, () => {
      seen.push('often');
      return 20;
    });
    await delay(100);
    cancel();

    expect(seen.filter((name) => name === 'once')).toHaveLength(1);
    expect(seen.indexOf('once')).toBe(0);
    expect(seen.filter((name) => name === 'often').length).toBeGreaterThanOrEqual(2);
  });
});
