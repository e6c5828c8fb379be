import { setTimeout as sleep } from 'node:timers/promises';
import { inParallel } from './in-parallel.js';

describe('work in parallel', () => {
  it('keeps the order of the items, whichever is done first', async () => {
    const work = async (ms: number, index: number) => {
      await sleep(ms);
      return `${index}:${ms}`;
    };
    expect(await inParallel([30, 1, 10], 4, work)).toEqual(['0:30', '1:1', '2:10']);
  });

  it('is never about more than it may, and not about less', async () => {
    let running = 0;
    let most = 0;
    await inParallel(Array.from({ length: 20 }), 4, async () => {
      most = Math.max(most, ++running);
      await sleep(1);
      running--;
    });
    expect(most).toBe(4);
  });

  it('begins nothing new once a work has failed', async () => {
    const begun: number[] = [];
    const work = async (item: number) => {
      begun.push(item);
      await sleep(1);
      throw new Error(`no ${item}`);
    };
    await expect(inParallel([1, 2, 3, 4], 2, work)).rejects.toThrow('no 1');
    await sleep(20);
    expect(begun).toEqual([1, 2]);
  });

  it('fails once what still runs has ended, and begins nothing meanwhile', async () => {
    const begun: number[] = [];
    const door = Promise.withResolvers<void>();
    let isOver = false;
    const pending = inParallel([1, 2, 3, 4], 2, async (item) => {
      begun.push(item);
      if (item === 1) throw new Error('no 1');
      await door.promise;
    });
    void pending.catch(() => (isOver = true));
    await sleep(20);
    expect(isOver).toBe(false);
    door.resolve();
    await expect(pending).rejects.toThrow('no 1');
    await sleep(20);
    expect(begun).toEqual([1, 2]);
  });

  it('does nothing about nothing', async () => {
    expect(await inParallel([], 4, () => Promise.reject(new Error('Nothing to do.')))).toEqual([]);
  });
});
