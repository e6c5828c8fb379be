import { untilAborted } from '../../platform/clock/deadline.js';

/** Lets one do its work at a time for each key, in the order they came. */
export class Turns {
  private readonly tails = new Map<string, Promise<void>>();

  /** @throws what `work` throws; the signal's reason while it waits */
  async take<Result>(key: string, signal: AbortSignal, work: () => Promise<Result>): Promise<Result> {
    const before = this.tails.get(key);
    const { promise, resolve } = Promise.withResolvers<void>();
    // Whoever leaves while it waits lets nobody pass those before it.
    const tail = before ? before.then(() => promise) : promise;
    this.tails.set(key, tail);
    try {
      if (before) await untilAborted(signal, before);
      return await work();
    } finally {
      resolve();
      if (this.tails.get(key) === tail) this.tails.delete(key);
    }
  }
}
