import { Injectable } from '@nestjs/common';
import { Database } from '../platform/database/database.js';
import { On } from '../platform/event/event-bus.js';
import { Meters } from '../platform/telemetry/meters.js';
import { RunEnding } from '../workflow/run/run.events.js';

const SECONDS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 3_600];

/** Measures the runs that this process ends, once their end is stored. */
@Injectable()
export class RunMeterListener {
  private readonly durations;

  constructor(
    meters: Meters,
    private readonly database: Database,
  ) {
    this.durations = meters.duration(
      'chatter_run_duration_seconds',
      'Duration of root runs that this process ended, from their acceptance.',
      ['kind', 'status'],
      SECONDS,
    );
  }

  @On(RunEnding)
  onRunEnding({ run: { kind, status, durationMs } }: RunEnding): void {
    this.database.afterCommit(() => this.durations.observe({ kind, status }, (durationMs ?? 0) / 1_000));
  }
}
