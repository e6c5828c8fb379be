import { Injectable } from '@nestjs/common';
import { Database } from '../platform/database/database.js';
import { Meters } from '../platform/telemetry/meters.js';
import { FigureRepository, type Workload } from './figure.repository.js';
import { OpenStreams } from './open-streams.js';
import { ProcessFigures } from './process-figures.js';

/** How long the answer of the database is told again: whoever asks often does not make it work. */
const WORKLOAD_MS = 1_000;

/** What Prometheus is told of this process, and of the work that waits for it and others. What is not known is left out. */
@Injectable()
export class ProcessMeter {
  private asked: { readonly at: number; readonly workload: Promise<Workload | undefined> } | undefined;

  constructor(
    meters: Meters,
    private readonly figures: FigureRepository,
    private readonly process: ProcessFigures,
    private readonly streams: OpenStreams,
    private readonly database: Database,
  ) {
    meters.gauge('process_resident_memory_bytes', 'Memory of the process.', () => this.process.rssBytes);
    meters.gauge('nodejs_heap_size_used_bytes', 'Heap in use.', () => this.process.heapUsedBytes);
    meters.gauge('nodejs_eventloop_lag_p50_seconds', 'How late timers are, median.', () => this.lag(0.5));
    meters.gauge('nodejs_eventloop_lag_p99_seconds', 'How late timers are, 99th percentile.', () => this.lag(0.99));
    meters.gauge('chatter_streams_open', 'Event streams that are sent.', () => this.streams.count(null));
    const running = async () => (await this.workload())?.activeRuns;
    meters.gauge('chatter_runs_active', 'Root runs that are executed, in all processes.', running);
    const queued = async () => (await this.workload())?.queueDepth;
    meters.gauge('chatter_run_queue_depth', 'Runs that wait for their turn.', queued);
    for (const state of ['open', 'idle', 'waiting'] as const)
      meters.gauge(
        `chatter_database_pool_${state}`,
        state === 'waiting'
          ? 'Statements and transactions that wait for a connection.'
          : `Connections to the database that are ${state}.`,
        () => this.database.connections[state],
      );
    meters.counter('process_cpu_seconds_total', 'Processor time of the process.', () => this.process.cpuSeconds);
  }

  private lag(share: number): number | undefined {
    const ms = this.process.lagMs(share);
    return ms === null ? undefined : ms / 1_000;
  }

  /** Undefined while the database does not answer. */
  private workload(): Promise<Workload | undefined> {
    const now = performance.now();
    if (!this.asked || now - this.asked.at > WORKLOAD_MS)
      this.asked = { at: now, workload: this.figures.workload(null).catch(() => undefined) };
    return this.asked.workload;
  }
}
