import type { TokenUsage } from '../../llm/chat-model.js';
import type { Problem } from '../../platform/problem/problem.js';

/** Reserves room for `outputTokens` in all; answers for how many there is. */
type Reserve = (outputTokens: number) => Promise<number>;

interface Parts {
  /** Names the reservation. */
  readonly id: string;
  /** Tokens the model may write so far. */
  readonly granted: number;
  /** Tokens that are reserved at a time, beyond those that are needed. */
  readonly slice: number;
  readonly reserve: Reserve;
  readonly free: () => Promise<void>;
  readonly end: (usage: TokenUsage) => Promise<void>;
  /** Why there is no more room. */
  readonly problem: () => Problem;
}

/**
 * What one call of a model may use of the budgets that concern it. It grows with the answer, a slice at a time, so that
 * the many calls of a run do not keep room from each other which none of them uses.
 */
export class Allowance {
  readonly id: string;
  private granted: number;
  private isFull = false;

  constructor(private readonly parts: Parts) {
    this.id = parts.id;
    this.granted = parts.granted;
  }

  /** Makes room for an answer of `outputTokens` in all; answers for how many there is: fewer, when a budget is used up. */
  async cover(outputTokens: number): Promise<number> {
    if (outputTokens <= this.granted || this.isFull) return this.granted;
    const wanted = outputTokens + this.parts.slice;
    const granted = await this.parts.reserve(wanted);
    this.granted = Math.max(this.granted, granted);
    this.isFull = granted < outputTokens;
    return this.granted;
  }

  /** The call has come to nothing: what was reserved for it is free at once. */
  release(): Promise<void> {
    return this.parts.free();
  }

  /** The call has ended; its reservation ends when its usage is written. */
  async ended(usage: TokenUsage): Promise<void> {
    await this.parts.end(usage);
  }

  /** The problem of the budget that has no more room. */
  exceeded(): Problem {
    return this.parts.problem();
  }
}
