import { hostname } from 'node:os';
import { Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common';
import { newId } from '../../platform/clock/id.js';
import { ServerConfig } from '../../platform/config/server.config.js';
import { Database } from '../../platform/database/database.js';
import { isUniqueViolation } from '../../platform/database/fault.js';
import { withoutRequest } from '../../platform/http/request-context.js';
import { Lifecycle } from '../../platform/health/lifecycle.js';
import { RunConfig } from './run.config.js';
import { RunExecutor } from './run-executor.js';
import { RunReader } from './run-reader.js';
import { RunRepository, type Lease } from './run.repository.js';
import type { Run } from './run.js';

const CLAIMS_AT_ONCE = 50;
const HEED_CANCELS_MS = 500;
const MAX_EXPECTED = 10_000;
/** The part of a lease after which a run whose lease was not renewed is let go. */
const HELD_PART_OF_LEASE = 0.8;

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
  /** Conversations for which this process has queued a run. */
  private readonly expected = new Set<string>();
  private leaseTimers: NodeJS.Timeout[] = [];
  private isRenewing = false;
  private isHeeding = false;
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
    const { sweepMs, leaseMs } = this.config;
    this.timers = [
      setInterval(() => this.sweep(), sweepMs),
      setInterval(() => void this.heedCancels(), HEED_CANCELS_MS),
    ];
    this.leaseTimers = [
      setInterval(() => void this.renew(), Math.floor(leaseMs / 3)),
      setInterval(() => this.letGoInTime(), Math.floor(leaseMs / 10)),
    ];
    this.executor.onSettled(({ conversationId }) => {
      if (conversationId !== null && this.expected.has(conversationId)) this.sweep();
    });
    this.lifecycle.onDrain(() => this.drain());
    this.sweep();
  }

  /** A run was queued: looks for it now and whenever a run of its conversation has ended. */
  expect({ conversationId }: Run): void {
    if (this.expected.size >= MAX_EXPECTED) this.expected.clear();
    if (conversationId !== null) this.expected.add(conversationId);
    this.sweep();
  }

  /** Claims what is due, soon; on nobody's behalf, whoever caused it. */
  sweep(): void {
    if (this.lifecycle.isDraining) return;
    if (this.sweeping) {
      this.sweepAgain = true;
      return;
    }
    this.sweeping = withoutRequest(() => this.database.detached(() => this.claim()))
      .catch((error: unknown) => this.logger.warn(`Runs cannot be claimed: ${String(error)}`))
      .finally(() => {
        this.sweeping = undefined;
        if (this.sweepAgain) {
          this.sweepAgain = false;
          this.sweep();
        }
      });
  }

  /** A conversation that a new run takes at the same moment spoils a whole claim: it is made again at once. */
  private async claim(): Promise<void> {
    const limit = Math.min(CLAIMS_AT_ONCE, this.executor.capacity);
    if (limit === 0) return;
    try {
      const claimed = await this.runs.claim(this.lease, limit);
      for (const run of claimed) this.executor.takeOver(run);
      if (claimed.length === limit) this.sweepAgain = true;
    } catch (error) {
      if (!isUniqueViolation(error, 'run_holds_conversation')) throw error;
      this.sweepAgain = true;
    }
  }

  /** Runs that are no longer ours are abandoned: another process may hold them. */
  private async renew(): Promise<void> {
    if (this.isRenewing) return;
    this.isRenewing = true;
    const held = this.executor.executing;
    const startedAt = performance.now();
    try {
      const renewed = held.length === 0 ? [] : await this.runs.renew(held, this.config.leaseMs);
      this.renewedAt = startedAt;
      const still = new Set(renewed.map(({ id }) => id));
      for (const run of held) if (!still.has(run.id)) this.executor.abandon(run, 'The run is no longer ours.');
    } catch (error) {
      this.logger.warn(`Leases cannot be renewed: ${String(error)}`);
    } finally {
      this.isRenewing = false;
    }
  }

  /** Lets go of everything before the leases end, whatever the renewal waits for: a database may hang without a word. */
  private letGoInTime(): void {
    if (performance.now() - this.renewedAt < this.config.leaseMs * HELD_PART_OF_LEASE) return;
    for (const run of this.executor.executing) this.executor.abandon(run, 'The lease could not be renewed in time.');
  }

  /** Ends runs whose cancellation another process asked for. */
  private async heedCancels(): Promise<void> {
    const ids = this.executor.executing.map(({ id }) => id);
    if (ids.length === 0 || this.isHeeding) return;
    this.isHeeding = true;
    try {
      for (const id of await this.runs.toCancel(ids)) this.executor.cancel(id);
    } catch (error) {
      this.logger.warn(`Cancellations cannot be read: ${String(error)}`);
    } finally {
      this.isHeeding = false;
    }
  }

  private async drain(): Promise<void> {
    for (const timer of this.timers) clearInterval(timer);
    await this.sweeping;
    await this.executor.drain(this.server.shutdownTimeoutMs);
    for (const timer of this.leaseTimers) clearInterval(timer);
    this.reader.interrupt();
  }
}
