import { hostname } from 'node:os';
import { Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common';
import { newId } from '../../platform/clock/id.js';
import { ServerConfig } from '../../platform/config/server.config.js';
import { Database } from '../../platform/database/database.js';
import { On } from '../../platform/event/event-bus.js';
import { Lifecycle } from '../../platform/health/lifecycle.js';
import { RunConfig } from './run.config.js';
import { RunEnding } from './run.events.js';
import { RunExecutor } from './run-executor.js';
import { RunReader } from './run-reader.js';
import { RunRepository, type Lease } from './run.repository.js';
import type { Run } from './run.js';

const CLAIMS_AT_ONCE = 50;

/**
 * Keeps the leases of this process's runs, and claims what is due: runs of dead processes and queued ones. Stops
 * claiming, hands over and ends streams when the process drains.
 */
@Injectable()
export class RunSweeper implements OnApplicationBootstrap {
  private readonly logger = new Logger('RunSweeper');
  private readonly owner = `${hostname()}:${process.pid}:${newId()}`;
  private timers: NodeJS.Timeout[] = [];
  private sweeping: Promise<void> | undefined;
  private sweepAgain = false;
  /** Queued runs of this process by conversation. */
  private readonly expected = new Map<string, number>();
  private renewedAt = performance.now();

  constructor(
    private readonly runs: RunRepository,
    private readonly executor: RunExecutor,
    private readonly reader: RunReader,
    private readonly config: RunConfig,
    private readonly lifecycle: Lifecycle,
    private readonly server: ServerConfig,
    private readonly database: Database,
  ) {}

  /** What a run of this process is claimed with. */
  get lease(): Lease {
    return { owner: this.owner, ms: this.config.leaseMs };
  }

  onApplicationBootstrap(): void {
    this.timers = [
      setInterval(() => this.sweep(), this.config.sweepMs),
      setInterval(() => void this.renew(), Math.floor(this.config.leaseMs / 3)),
    ];
    this.lifecycle.onDrain(() => this.drain());
    this.sweep();
  }

  /** A run was queued: looks for it now and whenever a run of its conversation has ended. */
  expect({ conversationId }: Run): void {
    if (conversationId !== null) this.expected.set(conversationId, (this.expected.get(conversationId) ?? 0) + 1);
    this.sweep();
  }

  @On(RunEnding)
  onRunEnding({ run: { conversationId } }: RunEnding): void {
    const expected = conversationId === null ? undefined : this.expected.get(conversationId);
    if (conversationId === null || expected === undefined) return;
    if (expected === 1) this.expected.delete(conversationId);
    else this.expected.set(conversationId, expected - 1);
    this.database.afterCommit(() => this.sweep());
  }

  /** Claims what is due, soon. */
  sweep(): void {
    if (this.lifecycle.isDraining) return;
    if (this.sweeping) {
      this.sweepAgain = true;
      return;
    }
    this.sweeping = this.claim()
      .catch((error: unknown) =>
        this.logger.warn(`Runs cannot be claimed: ${error instanceof Error ? error.message : String(error)}`),
      )
      .finally(() => {
        this.sweeping = undefined;
        if (this.sweepAgain) {
          this.sweepAgain = false;
          this.sweep();
        }
      });
  }

  private async claim(): Promise<void> {
    const limit = Math.min(CLAIMS_AT_ONCE, this.executor.capacity);
    if (limit === 0) return;
    const claimed = await this.runs.claim(this.lease, limit);
    for (const run of claimed) this.executor.takeOver(run);
    if (claimed.length === limit) this.sweepAgain = true;
  }

  /** Runs that are no longer ours, or could not be renewed in time, are abandoned: another process may hold them. */
  private async renew(): Promise<void> {
    const held = this.executor.executing;
    const startedAt = performance.now();
    try {
      const renewed = held.length === 0 ? [] : await this.runs.renew(held, this.config.leaseMs);
      this.renewedAt = startedAt;
      const still = new Map(renewed.map(({ id, cancel }) => [id, cancel]));
      for (const { id } of held) {
        const cancel = still.get(id);
        if (cancel === undefined) this.executor.abandon(id, 'The run is no longer ours.');
        else if (cancel) this.executor.cancel(id);
      }
    } catch (error) {
      this.logger.warn(`Leases cannot be renewed: ${error instanceof Error ? error.message : String(error)}`);
      if (startedAt - this.renewedAt < this.config.leaseMs) return;
      for (const { id } of held) this.executor.abandon(id, 'The lease ran out.');
    }
  }

  private async drain(): Promise<void> {
    for (const timer of this.timers) clearInterval(timer);
    await this.sweeping;
    const renewing = setInterval(() => void this.renew(), Math.floor(this.config.leaseMs / 3));
    await this.executor.drain(this.server.shutdownTimeoutMs);
    clearInterval(renewing);
    this.reader.interrupt();
  }
}
