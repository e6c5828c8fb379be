import { untilAborted } from '../../platform/clock/deadline.js';

/** So many at once; the others wait for their turn. */
export class Places {
  private readonly waiting: (() => void)[] = [];

  constructor(private free: number) {}

  /** @throws the signal's reason when it is aborted before the turn comes */
  async within<Result>(signal: AbortSignal, work: () => Promise<Result>): Promise<Result> {
    if (this.free > 0) this.free -= 1;
    else await this.turn(signal);
    try {
      return await work();
    } finally {
      const next = this.waiting.shift();
      if (next) next();
      else this.free += 1;
    }
  }

  private async turn(signal: AbortSignal): Promise<void> {
    let take: () => void = () => undefined;
    const turn = new Promise<void>((resolve) => (take = resolve));
    this.waiting.push(take);
    try {
      await untilAborted(signal, turn);
    } catch (error) {
      const place = this.waiting.indexOf(take);
      if (place >= 0) this.waiting.splice(place, 1);
      throw error;
    }
  }
}
