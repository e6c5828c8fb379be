import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { ThrottleRepository } from '../throttle/throttle.repository.js';
import { SessionRepository } from './session.repository.js';

const EVERY_MS = 10 * 60_000;

/** Forgets sessions, refresh tokens and allowances that are over by their own time. Several processes may do so at once. */
@Injectable()
export class ExpiryService implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger('Expiry');
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly sessions: SessionRepository,
    private readonly throttle: ThrottleRepository,
  ) {}

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => void this.sweep(), EVERY_MS).unref();
  }

  onModuleDestroy(): void {
    clearInterval(this.timer);
  }

  async sweep(): Promise<void> {
    try {
      await this.sessions.sweep();
      await this.throttle.sweep();
    } catch (error) {
      this.logger.warn(`Expired sessions stay until the next sweep: ${String(error)}`);
    }
  }
}
