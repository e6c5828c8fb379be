import { Injectable } from '@nestjs/common';
import { untilAborted } from '../../platform/clock/deadline.js';
import { Lifecycle } from '../../platform/health/lifecycle.js';
import { KnowledgeConfig } from '../knowledge.config.js';

/** Documents this process works on: so many at once; the others wait for their turn, and are left when it shuts down. */
@Injectable()
export class Places {
  private readonly waiting: (() => void)[] = [];
  private free: number;

  constructor(
    private readonly lifecycle: Lifecycle,
    { concurrency }: KnowledgeConfig,
  ) {
    this.free = concurrency;
  }

  /** Begins nothing once the process drains. @throws the signal's reason when it is aborted before the turn comes */
  async within(signal: AbortSignal, work: () => Promise<void>): Promise<void> {
    if (this.free > 0) this.free -= 1;
    else await this.turn(signal);
    try {
      if (!this.lifecycle.isDraining) await work();
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
