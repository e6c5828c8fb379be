import { Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common';
import { Lifecycle } from '../platform/health/lifecycle.js';
import { FigureRepository } from './figure.repository.js';

const FOLD_EVERY_MS = 2_000;
const FOLD_AT_ONCE = 2_000;
const MOST_FOLDS = 25;
const FORGET_EVERY = 30;
const FORGET_AT_ONCE = 5_000;

/** Adds what has ended to the sums, every two seconds, and forgets sums that are past their time, every minute. */
@Injectable()
export class FigureFolder implements OnApplicationBootstrap {
  private readonly logger = new Logger('Figures');
  private timer: NodeJS.Timeout | undefined;
  private folding: Promise<void> | undefined;
  private turn = 0;

  constructor(
    private readonly figures: FigureRepository,
    private readonly lifecycle: Lifecycle,
  ) {}

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => this.begin(), FOLD_EVERY_MS);
    this.lifecycle.onDrain(() => this.drain());
  }

  private async drain(): Promise<void> {
    clearInterval(this.timer);
    await this.folding;
  }

  private begin(): void {
    this.folding ??= this.work()
      .catch((error: unknown) => this.logger.warn(`Figures cannot be added up: ${String(error)}`))
      .finally(() => {
        this.folding = undefined;
      });
  }

  private async work(): Promise<void> {
    for (let folds = 0; folds < MOST_FOLDS; folds += 1)
      if ((await this.figures.fold(FOLD_AT_ONCE)) < FOLD_AT_ONCE) break;
    this.turn = (this.turn + 1) % FORGET_EVERY;
    if (this.turn === 0) await this.figures.forget(FORGET_AT_ONCE);
  }
}
