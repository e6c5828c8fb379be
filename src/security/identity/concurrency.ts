/** More work waits than may. */
export class QueueFull extends Error {}

/** Runs at most `atOnce` works at a time, in the order they came; refuses a work when `waiting` already wait. */
export class Concurrency {
  private running = 0;
  private readonly queue: (() => void)[] = [];

  constructor(private readonly bounds: { readonly atOnce: number; readonly waiting: number }) {}

  /** @throws QueueFull */
  async run<Result>(work: () => Promise<Result>): Promise<Result> {
    await this.enter();
    try {
      return await work();
    } finally {
      this.leave();
    }
  }

  private async enter(): Promise<void> {
    if (this.running < this.bounds.atOnce) {
      this.running += 1;
      return;
    }
    if (this.queue.length >= this.bounds.waiting) throw new QueueFull(`${this.queue.length} wait already.`);
    await new Promise<void>((resolve) => this.queue.push(resolve));
  }

  /** The place passes on to the next in line. */
  private leave(): void {
    const next = this.queue.shift();
    if (next) next();
    else this.running -= 1;
  }
}
