import { Injectable, Logger, type BeforeApplicationShutdown } from '@nestjs/common';
import { setTimeout as sleep } from 'node:timers/promises';
import { ServerConfig } from '../config/server.config.js';

/** Whether this process takes work. Turns to draining first of all on shutdown, so that probes see it before it acts. */
@Injectable()
export class Lifecycle implements BeforeApplicationShutdown {
  private readonly logger = new Logger('Lifecycle');
  private draining = false;
  private readonly drainers: (() => Promise<void>)[] = [];

  constructor(private readonly config: ServerConfig) {}

  get isDraining(): boolean {
    return this.draining;
  }

  /** Registers work that ends between "unready" and "closed", in the order of registration. */
  onDrain(drain: () => Promise<void>): void {
    this.drainers.push(drain);
  }

  /** SIGTERM: unready, wait for the balancer to notice, then let work end or be handed over. */
  async beforeApplicationShutdown(): Promise<void> {
    this.draining = true;
    await sleep(this.config.shutdownDelayMs);
    for (const drain of this.drainers) {
      await drain().catch((error: unknown) => this.logger.error(`Draining failed: ${String(error)}`));
    }
  }
}
