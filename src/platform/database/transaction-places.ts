import { AsyncLocalStorage } from 'node:async_hooks';

/**
 * Lets at most `atOnce` transactions be open at once, in the order they came. What is begun from inside one of them needs
 * no place: its transaction waits for it, and would keep the place it waits for.
 */
export class TransactionPlaces {
  private readonly holder = new AsyncLocalStorage<{ isOpen: boolean }>();
  private readonly line = new Set<() => void>();
  private taken = 0;

  constructor(private readonly bounds: { readonly atOnce: number; readonly waitMs: number }) {}

  /** Those that wait for a place. */
  get waiting(): number {
    return this.line.size;
  }

  /** @throws Error as the pool does, when there was no place in time; what `work` throws */
  async within<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.holder.getStore()?.isOpen) return work();
    await this.enter();
    const place = { isOpen: true };
    try {
      return await this.holder.run(place, work);
    } finally {
      place.isOpen = false;
      this.leave();
    }
  }

  private async enter(): Promise<void> {
    if (this.taken < this.bounds.atOnce) {
      this.taken += 1;
      return;
    }
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.line.add(resolve);
    const timer = setTimeout(() => {
      this.line.delete(resolve);
      reject(new Error(`timeout exceeded when trying to connect: ${this.taken} transactions are open`));
    }, this.bounds.waitMs);
    try {
      await promise;
    } finally {
      clearTimeout(timer);
    }
  }

  /** The place passes on to the next in line. */
  private leave(): void {
    const [next] = this.line;
    if (!next) {
      this.taken -= 1;
      return;
    }
    this.line.delete(next);
    next();
  }
}
