import { Injectable, Logger, type BeforeApplicationShutdown } from '@nestjs/common';
import type { NextFunction, Request, Response } from 'express';
import { setTimeout as sleep } from 'node:timers/promises';
import { ServerConfig } from '../config/server.config.js';

/** How long answers that are on their way may take to be written when everything else has ended. */
const LAST_WORDS_MS = 2_000;

/**
 * Whether this process is ready for requests and takes work. Shutdown: unready at once, draining after the delay that
 * lets the balancer notice, then the drainers, then what is still being answered is written.
 */
@Injectable()
export class Lifecycle implements BeforeApplicationShutdown {
  private readonly logger = new Logger('Lifecycle');
  private readonly drainers: (() => Promise<void>)[] = [];
  private readonly open = new Set<Response>();
  private state: 'serving' | 'unready' | 'draining' = 'serving';

  constructor(private readonly config: ServerConfig) {}

  get isReady(): boolean {
    return this.state === 'serving';
  }

  get isDraining(): boolean {
    return this.state === 'draining';
  }

  /** Registers work that ends between "draining" and "closed". All of it ends at the same time. */
  onDrain(drain: () => Promise<void>): void {
    this.drainers.push(drain);
  }

  /** Middleware that knows which requests are being answered. */
  readonly track = (_request: Request, response: Response, next: NextFunction): void => {
    this.open.add(response);
    response.once('close', () => this.open.delete(response));
    next();
  };

  async beforeApplicationShutdown(): Promise<void> {
    this.state = 'unready';
    await sleep(this.config.shutdownDelayMs);
    this.state = 'draining';
    await Promise.all(
      this.drainers.map((drain) =>
        drain().catch((error: unknown) => this.logger.error(`Draining failed: ${String(error)}`)),
      ),
    );
    for (const until = Date.now() + LAST_WORDS_MS; this.open.size > 0 && Date.now() < until;) await sleep(10);
  }
}
