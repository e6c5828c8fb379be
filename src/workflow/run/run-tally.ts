import type { TokenUsage } from '../../llm/chat-model.js';
import { sum } from './token-sum.js';

/** What a run has used of models, over all attempts. */
export class RunTally {
  private spent: TokenUsage | undefined;
  private spentCost: number | null = 0;
  private lastModel: string | undefined;
  /** Of answers whose usage is not known yet, by estimate. */
  private unspentTokens = 0;
  /** Milliseconds since the oldest answer was given that was not asked for anew. */
  private oldestAnswerMs: number | undefined;
  private streamedText = { tokens: 0, ms: 0 };
  private lookups = { hits: 0, misses: 0 };

  get usage(): TokenUsage | null {
    return this.spent ?? null;
  }

  /** In US dollars; null when the price of a model used is not known. */
  get cost(): number | null {
    return this.spentCost;
  }

  /** The one that spoke last. */
  get model(): string | undefined {
    return this.lastModel;
  }

  /** What models said in this attempt in more than one piece, and how long that took. */
  get streamed(): { readonly tokens: number; readonly ms: number } {
    return this.streamedText;
  }

  /** How often an answer was looked for in the cache in this attempt. */
  get cache(): { readonly hits: number; readonly misses: number } {
    return this.lookups;
  }

  /** How old what the run says is, when no model was asked for any of it. */
  get cacheAgeMs(): number | undefined {
    return this.spent === undefined ? this.oldestAnswerMs : undefined;
  }

  /** All tokens so far, with those of answers that go on. */
  get tokens(): number {
    return (this.spent?.totalTokens ?? 0) + this.unspentTokens;
  }

  /** A piece of an answer, of so many tokens by estimate. */
  hear(tokens: number): void {
    this.unspentTokens += tokens;
  }

  /** A call has ended; `streamMs` is the time from its first piece to its last, when there was more than one. */
  spend(usage: TokenUsage, cost: number | null, model: string, streamMs?: number): void {
    this.unspentTokens = 0;
    this.spent = sum(this.spent, usage);
    this.spentCost = this.spentCost === null || cost === null ? null : this.spentCost + cost;
    this.lastModel = model;
    if (streamMs === undefined) return;
    const { tokens, ms } = this.streamedText;
    this.streamedText = { tokens: tokens + usage.outputTokens, ms: ms + streamMs };
  }

  /** An answer was looked for in the cache. */
  lookUp(isFound: boolean): void {
    const { hits, misses } = this.lookups;
    this.lookups = isFound ? { hits: hits + 1, misses } : { hits, misses: misses + 1 };
  }

  /** An answer was taken from the cache. */
  takeCached(ageMs: number, model: string): void {
    this.unspentTokens = 0;
    this.oldestAnswerMs = Math.max(this.oldestAnswerMs ?? 0, ageMs);
    this.lastModel = model;
  }
}
