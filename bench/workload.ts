import type { Load } from './load-client.ts';
import {
  cachedSteps,
  durableSteps,
  firstOfTwo,
  mapItems,
  modelSteps,
  parallelBranches,
  pureSteps,
  type WorkflowJob,
} from './workflow-job.ts';

/** A kind of work; `paced` streams come at a model's pace, the others as fast as the server goes. */
export type WorkloadKind = 'json' | 'stream' | 'paced' | 'workflow';

export interface Workload {
  /** Unique within a run. */
  readonly id: string;
  readonly kind: WorkloadKind;
  readonly load: Load;
}

export interface WorkloadOptions {
  /** Short windows: to see that everything works, not to compare. */
  readonly quick: boolean;
}

const PACED_STREAMS = 500;
const PACE_MS = 20;

/** Tokens per second of all paced streams when nothing is in their way. */
export const FULL_RATE = (PACED_STREAMS * 1000) / PACE_MS;

/** The models that the workloads ask for. */
export const models = ['fake-t20', 'fake-t200', `fake-t200-d${PACE_MS}`] as const;

/** What is run at how many clients. A warm run of the largest takes seconds: its window must hold some. */
const RUNS: readonly (readonly [job: WorkflowJob, concurrency: number, windowMs: number])[] = [
  [pureSteps, 1, 6_000],
  [pureSteps, 16, 6_000],
  [durableSteps, 1, 6_000],
  [durableSteps, 16, 6_000],
  [modelSteps, 16, 6_000],
  [cachedSteps, 16, 6_000],
  [parallelBranches, 4, 6_000],
  [mapItems, 1, 20_000],
  [firstOfTwo, 16, 6_000],
];

/** Loads that are not measured, so that the first workload meets compiled code too. */
export function warmUps({ quick }: WorkloadOptions): readonly Load[] {
  const closed = { concurrency: 16, rampMs: 0, warmupMs: 0, windowMs: quick ? 1_000 : 4_000 };
  return [
    { model: models[0], stream: false, ...closed },
    { model: models[1], stream: true, ...closed },
    { job: pureSteps, ...closed },
    { job: durableSteps, ...closed },
  ];
}

export function workloads({ quick }: WorkloadOptions): readonly Workload[] {
  const closed = { rampMs: 200, warmupMs: quick ? 500 : 2_000, windowMs: quick ? 1_500 : 6_000 };
  const paced = { rampMs: 4_000, warmupMs: 1_000, windowMs: quick ? 3_000 : 10_000 };
  return [
    ...[1, 16, 64].map((concurrency): Workload => ({
      id: `W1 c${concurrency}`,
      kind: 'json',
      load: { model: models[0], stream: false, concurrency, ...closed },
    })),
    ...[16, 64].map((concurrency): Workload => ({
      id: `W2 c${concurrency}`,
      kind: 'stream',
      load: { model: models[1], stream: true, concurrency, ...closed },
    })),
    {
      id: `W3 c${PACED_STREAMS}`,
      kind: 'paced',
      load: { model: models[2], stream: true, concurrency: PACED_STREAMS, ...paced },
    },
    ...RUNS.map(([job, concurrency, windowMs]): Workload => ({
      id: `W4 ${job.name} c${concurrency}`,
      kind: 'workflow',
      load: { job, concurrency, ...closed, windowMs: quick ? windowMs / 4 : windowMs },
    })),
  ];
}
