import { setImmediate as soon } from 'node:timers/promises';
import { Turns } from './turns.js';

describe('turns', () => {
  const { signal } = new AbortController();

  it('come one after the other, in order, for each key', async () => {
    const turns = new Turns();
    const told: string[] = [];
    const work = (name: string) => async () => {
      told.push(`${name} begins`);
      await soon();
      told.push(`${name} ends`);
    };
    await Promise.all([
      turns.take('k', signal, work('a')),
      turns.take('k', signal, work('b')),
      turns.take('other', signal, work('c')),
    ]);
    expect(told.filter((each) => !each.startsWith('c'))).toEqual(['a begins', 'a ends', 'b begins', 'b ends']);
    expect(told.indexOf('c begins')).toBeLessThan(told.indexOf('a ends'));
  });

  it('go on after one that failed', async () => {
    const turns = new Turns();
    const failed = turns.take('k', signal, () => Promise.reject(new Error('no')));
    const next = turns.take('k', signal, async () => 'next');
    await expect(failed).rejects.toThrow('no');
    await expect(next).resolves.toBe('next');
  });

  it('are given up at once when aborted, and let nobody pass those before', async () => {
    const turns = new Turns();
    const leave = new AbortController();
    const first = Promise.withResolvers<void>();
    const told: string[] = [];
    const begun = turns.take('k', signal, () => first.promise.then(() => told.push('first')));
    const left = turns.take('k', leave.signal, async () => told.push('left'));
    const last = turns.take('k', signal, async () => told.push('last'));
    leave.abort(new Error('gone'));
    await expect(left).rejects.toThrow('gone');
    await soon();
    expect(told).toEqual([]);
    first.resolve();
    await Promise.all([begun, last]);
    expect(told).toEqual(['first', 'last']);
  });
});
