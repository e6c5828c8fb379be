import type { Round } from './round.ts';

/** A system's rounds and what is typical of them. */
export interface ReportedSystem {
  readonly name: string;
  readonly title: string;
  readonly rounds: readonly Round[];
  /** Medians over the rounds. */
  readonly typical: Round;
}
