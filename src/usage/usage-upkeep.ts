import { Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common';
import { Lifecycle } from '../platform/health/lifecycle.js';
import { BudgetRepository } from './budget/budget.repository.js';
import { UsageRepository } from './ledger/usage.repository.js';

const EVERY_MS = 60_000;
/** Each adds up many entries; what is left comes with the next look. */
const MOST_FOLDS = 50;

/** Keeps the ledger short and forgets reservations of processes that are gone. Several processes may do so at once. */
@Injectable()
export class UsageUpkeep implements OnApplicationBootstrap {
  private readonly logger = new Logger('UsageUpkeep');
  private timer: NodeJS.Timeout | undefined;
  private working: Promise<void> | undefined;

  constructor(
    private readonly usage: UsageRepository,
    private readonly budgets: BudgetRepository,
    private readonly lifecycle: Lifecycle,
  ) {}

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => void this.work(), EVERY_MS);
    this.lifecycle.onDrain(() => this.drain());
  }

  work(): Promise<void> {
    return (this.working ??= this.tidy()
      .catch((error: unknown) => this.logger.warn(`The ledger is added up at the next time: ${String(error)}`))
      .finally(() => {
        this.working = undefined;
      }));
  }

  private async drain(): Promise<void> {
    clearInterval(this.timer);
    await this.working;
  }

  private async tidy(): Promise<void> {
    for (let folds = 0; folds < MOST_FOLDS && (await this.usage.fold()); folds += 1);
    await this.budgets.sweep();
  }
}
