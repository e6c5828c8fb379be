import { hostname } from 'node:os';
import { Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common';
import { withinDeadline } from '../../platform/clock/deadline.js';
import { newId } from '../../platform/clock/id.js';
import { ServerConfig } from '../../platform/config/server.config.js';
import { Database } from '../../platform/database/database.js';
import { isUniqueViolation } from '../../platform/database/fault.js';
import { withoutRequest } from '../../platform/http/request-context.js';
import { Lifecycle } from '../../platform/health/lifecycle.js';
import { WorkQueue } from '../../platform/queue/work-queue.js';
import { ApprovalRepository } from '../approval/approval.repository.js';
import { RunConfig } from './run.config.js';
import { RunExecutor } from './run-executor.js';
import { RunReader } from './run-reader.js';
import { RunClaims, type Lease } from './run-claims.js';
import type { Run } from './run.js';

/** The queue's topic of runs to be taken up. */
export const RUN_TOPIC = 'run';

const CLAIMS_AT_ONCE = 50;
const HEED_REQUESTS_MS = 500;
const MAX_EXPECTED = 10_000;
/** The part of a lease after which a run whose lease was not renewed is let go. */
const HELD_PART_OF_LEASE = 0.8;
const NEVER = new AbortController().signal;

/**
 * Keeps the leases of this process's runs, and claims what is due: runs of dead processes and queued ones. Stops
 * claiming, hands over and ends streams when the process drains. Claims nothing with ROLE=api.
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
  /** Whether runs without a conversation may be queued: their turn comes with the end of any other. */
  private hasQueued = false;
  private readonly wakeTimers = new Set<NodeJS.Timeout>();
  private leaseTimers: NodeJS.Timeout[] = [];
  private isRenewing = false;
  private isHeeding = false;
  private renewedAt = 0;

  constructor(
    private readonly claims: RunClaims,
    private readonly executor: RunExecutor,
    private readonly reader: RunReader,
    private readonly config: RunConfig,
    private readonly lifecycle: Lifecycle,
    private readonly server: ServerConfig,
    private readonly database: Database,
    private readonly approvals: ApprovalRepository,
    private readonly queue: WorkQueue,
  ) {}

  /** What a new run is stored with: this process's claim, or none where runs are a worker's. */
  get lease(): Lease {
    return this.leavesRuns
      ? { owner: `${this.owner}:${newId()}`, ms: 0 }
      : { owner: this.owner, ms: this.config.leaseMs };
  }

  /** Whether this process executes no runs: a worker takes them up. */
  get leavesRuns(): boolean {
    return this.server.role === 'api';
  }

  onApplicationBootstrap(): void {
    const { sweepMs, leaseMs } = this.config;
    this.renewedAt = performance.now();
    this.timers = [
      setInterval(() => this.sweep(), sweepMs),
      setInterval(() => void this.heedRequests(), HEED_REQUESTS_MS),
    ];
    this.leaseTimers = [
      setInterval(() => void this.renew(), Math.floor(leaseMs / 3)),
      setInterval(() => this.letGoInTime(), Math.floor(leaseMs / 10)),
    ];
    this.executor.onSettled(({ id, conversationId }, wakeAt) => {
      if (wakeAt) this.wakeAt(id, wakeAt);
      if (this.hasQueued || (conversationId !== null && this.expected.has(conversationId))) this.sweep();
    });
    this.lifecycle.onDrain(() => this.drain());
    this.sweep();
  }

  /** A run was queued: looks for it now and whenever a run of its conversation, or of its user, has ended; so do others. */
  expect({ id, conversationId }: Run): void {
    if (this.expected.size >= MAX_EXPECTED) this.expected.clear();
    if (conversationId !== null) this.expected.add(conversationId);
    else this.hasQueued = true;
    void this.queue.put(RUN_TOPIC, id);
    this.sweep();
  }

  /** A run is due: takes up what is, or tells the workers. */
  due(runId: string): void {
    if (this.leavesRuns) void this.queue.put(RUN_TOPIC, runId);
    else this.sweep();
  }

  /** A run goes on at `at`: whichever process the queue tells, and this one if it is soon. */
  private wakeAt(runId: string, at: Date): void {
    void this.queue.put(RUN_TOPIC, runId, { at });
    if (at.getTime() - Date.now() > this.config.sweepMs || this.lifecycle.isDraining) return;
    const timer = setTimeout(
      () => {
        this.wakeTimers.delete(timer);
        this.sweep();
      },
      Math.max(0, at.getTime() - Date.now()) + 1,
    );
    this.wakeTimers.add(timer);
  }

  /** Claims what is due, soon; on nobody's behalf, whoever caused it. */
  sweep(): void {
    if (this.leavesRuns || this.lifecycle.isDraining) return;
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
      const claimed = await this.claims.claim(this.lease, limit, this.config.maxRunsPerUser);
      for (const run of claimed) this.executor.takeOver(run);
      if (claimed.length === limit) this.sweepAgain = true;
      if (claimed.length === 0) this.hasQueued = await this.claims.hasQueued();
    } catch (error) {
      if (!isUniqueViolation(error, 'run_holds_conversation')) throw error;
      this.sweepAgain = true;
    }
  }

  /** One that hangs is left behind before the next is due, which may have a better connection. */
  private async renew(): Promise<void> {
    if (this.isRenewing) return;
    this.isRenewing = true;
    const late = () => new Error('The renewal hangs.');
    await withinDeadline(this.config.leaseMs / 4, NEVER, late, () => this.renewed()).catch(() => undefined);
    this.isRenewing = false;
  }

  /** However late it is answered. Runs that are no longer ours are abandoned: another process may hold them. */
  private async renewed(): Promise<void> {
    const { held } = this.executor;
    const startedAt = performance.now();
    try {
      const renewed = held.length === 0 ? [] : await this.claims.renew(held, this.config.leaseMs);
      this.renewedAt = Math.max(this.renewedAt, startedAt);
      const still = new Set(renewed.map(({ id }) => id));
      for (const run of held) if (!still.has(run.id)) this.executor.abandon(run, 'The run is no longer ours.');
    } catch (error) {
      this.logger.warn(`Leases cannot be renewed: ${String(error)}`);
    }
  }

  /**
   * Lets go of runs before their leases end, whatever the renewal waits for: a database may hang without a word. A run
   * that was taken since the last renewal has a lease of its own.
   */
  private letGoInTime(): void {
    const sinceRenewal = performance.now() - this.renewedAt;
    for (const run of this.executor.held)
      if (Math.min(sinceRenewal, run.heldMs) >= this.config.leaseMs * HELD_PART_OF_LEASE)
        this.executor.abandon(run, 'The lease could not be renewed in time.');
  }

  /** Heeds what other processes asked of the runs here: to end, to pause, to go on after a decision. */
  private async heedRequests(): Promise<void> {
    const ids = this.executor.goingOn;
    if (ids.length === 0 || this.isHeeding) return;
    this.isHeeding = true;
    try {
      for (const { id, cancel } of await this.claims.requests(ids)) {
        if (cancel) this.executor.cancel(id);
        else this.executor.pause(id);
      }
      const asked = this.executor.pendingApprovals;
      for (const id of asked.length > 0 ? await this.approvals.decided(asked) : []) this.executor.wake(id);
    } catch (error) {
      this.logger.warn(`Requests for runs cannot be read: ${String(error)}`);
    } finally {
      this.isHeeding = false;
    }
  }

  private async drain(): Promise<void> {
    for (const timer of this.timers) clearInterval(timer);
    for (const timer of this.wakeTimers) clearTimeout(timer);
    await this.sweeping;
    await this.executor.drain(this.server.shutdownTimeoutMs);
    for (const timer of this.leaseTimers) clearInterval(timer);
    this.reader.interrupt();
  }
}
