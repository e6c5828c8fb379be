import type { Round } from './round.ts';
import type { WorkloadKind } from './workload.ts';

/** What a run of the benchmark writes to its file. */
export interface Results {
  readonly date: string;
  readonly machine: {
    readonly processor: string;
    readonly cores: number;
    readonly node: string;
    readonly commit?: string;
  };
  readonly options: {
    readonly rounds: number;
    readonly quick: boolean;
    readonly profile: boolean;
    readonly workloads: readonly DescribedWorkload[];
  };
  /** Median time of a JSON answer of the model server alone. */
  readonly directMs: number;
  readonly systems: readonly SystemRounds[];
}

/** A workload as the file keeps it, beside the numbers of its load. */
export interface DescribedWorkload {
  readonly id: string;
  readonly kind: WorkloadKind;
  readonly concurrency: number;
  /** Of workflows: what is run, and how many steps that has. */
  readonly job?: string;
  readonly steps?: number;
}

export interface SystemRounds {
  readonly name: string;
  readonly title: string;
  readonly rounds: readonly Round[];
  /** Why it was not measured to the end. */
  readonly fault?: string;
}
