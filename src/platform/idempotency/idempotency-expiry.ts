import { Injectable, Logger, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import { IdempotencyRepository } from './idempotency.repository.js';

const EVERY_MS = 60_000;
const AT_ONCE = 5_000;

/** Forgets idempotency keys that are past their day. */
@Injectable()
export class IdempotencyExpiry implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger('IdempotencyExpiry');
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly repository: IdempotencyRepository) {}

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => {
      this.repository
        .sweep(AT_ONCE)
        .catch((error: unknown) => this.logger.warn(`Keys cannot be swept: ${String(error)}`));
    }, EVERY_MS);
  }

  beforeApplicationShutdown(): void {
    clearInterval(this.timer);
  }
}
