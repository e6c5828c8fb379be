import { setImmediate as turn } from 'node:timers/promises';
import { isDatabaseUnavailable } from './fault.js';
import { TransactionPlaces } from './transaction-places.js';

const PATIENT = 60_000;

describe('the places for transactions', () => {
  it('are given in the order of asking, and no more than there are', async () => {
    const places = new TransactionPlaces({ atOnce: 2, waitMs: PATIENT });
    const begun: number[] = [];
    const gates = [0, 1, 2, 3].map(() => Promise.withResolvers<void>());
    const all = gates.map(({ promise }, index) =>
      places.within(async () => {
        begun.push(index);
        await promise;
      }),
    );
    await turn();
    expect([begun, places.waiting]).toEqual([[0, 1], 2]);
    gates[1]!.resolve();
    await turn();
    expect([begun, places.waiting]).toEqual([[0, 1, 2], 1]);
    for (const { resolve } of gates) resolve();
    await Promise.all(all);
    expect([begun, places.waiting]).toEqual([[0, 1, 2, 3], 0]);
  });

  it('are free again after a failure', async () => {
    const places = new TransactionPlaces({ atOnce: 1, waitMs: PATIENT });
    await expect(places.within(() => Promise.reject(new Error('undone')))).rejects.toThrow('undone');
    expect(await places.within(async () => 'next')).toBe('next');
  });

  it('are not needed inside one, and needed again by what goes on after it', async () => {
    const places = new TransactionPlaces({ atOnce: 1, waitMs: PATIENT });
    const ended = Promise.withResolvers<void>();
    let later: Promise<string> | undefined;
    const inner = await places.within(async () => {
      later = ended.promise.then(() => places.within(async () => 'later'));
      return places.within(async () => 'inner');
    });
    const gate = Promise.withResolvers<void>();
    const other = places.within(() => gate.promise);
    ended.resolve();
    await turn();
    expect([inner, places.waiting]).toEqual(['inner', 1]);
    gate.resolve();
    await other;
    expect(await later).toBe('later');
  });

  it('are waited for no longer than for a connection', async () => {
    const places = new TransactionPlaces({ atOnce: 1, waitMs: 1_000 });
    const gate = Promise.withResolvers<void>();
    const holding = places.within(() => gate.promise);
    const error: unknown = await places.within(async () => undefined).catch((fault: unknown) => fault);
    expect([isDatabaseUnavailable(error), places.waiting]).toEqual([true, 0]);
    gate.resolve();
    await holding;
    expect(await places.within(async () => 'next')).toBe('next');
  });
});
