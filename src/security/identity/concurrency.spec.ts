import { setImmediate } from 'node:timers/promises';
import { Concurrency, QueueFull } from './concurrency.js';

describe('Concurrency', () => {
  it('runs no more than its bound at once, in order, and refuses what does not fit the queue', async () => {
    const concurrency = new Concurrency({ atOnce: 2, waiting: 3 });
    const started: number[] = [];
    const gates = Array.from({ length: 5 }, () => Promise.withResolvers<void>());
    const works = gates.map(({ promise }, index) =>
      concurrency.run(async () => {
        started.push(index);
        await promise;
        return index;
      }),
    );
    await expect(concurrency.run(() => Promise.resolve())).rejects.toBeInstanceOf(QueueFull);
    expect(started).toEqual([0, 1]);
    gates[1]!.resolve();
    await works[1];
    await setImmediate();
    expect(started).toEqual([0, 1, 2]);
    for (const gate of gates) gate.resolve();
    expect(await Promise.all(works)).toEqual([0, 1, 2, 3, 4]);
    expect(await concurrency.run(() => Promise.resolve('free'))).toBe('free');
  });

  it('passes a place on when work fails', async () => {
    const concurrency = new Concurrency({ atOnce: 1, waiting: 1 });
    const failing = concurrency.run(() => Promise.reject(new Error('no')));
    const next = concurrency.run(() => Promise.resolve('yes'));
    await expect(failing).rejects.toThrow('no');
    expect(await next).toBe('yes');
  });
});
