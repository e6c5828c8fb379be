interface BreakerOptions {
  /** Milliseconds. */
  readonly now: () => number;
  /** 0 to 1. */
  readonly random: () => number;
}

/** Failures in a row after which nothing is tried for a while. */
const TOLERATED = 3;
const FIRST_PAUSE_MS = 2_000;
const LONGEST_PAUSE_MS = 120_000;

/**
 * Keeps callers from waiting for a server that does not answer: opens after three failures in a row, lets one caller
 * try when its pause is over, and pauses twice as long each time that fails, give or take a quarter.
 */
export class Breaker {
  private failures = 0;
  private openUntil = 0;
  private isTrying = false;

  constructor(private readonly options: BreakerOptions) {}

  get state(): 'closed' | 'open' | 'half-open' {
    if (this.failures < TOLERATED) return 'closed';
    return this.options.now() < this.openUntil ? 'open' : 'half-open';
  }

  /**
   * Milliseconds until it is worth trying; 0 when the caller may try now, and must tell how it went:
   * {@link succeeded}, {@link failed} or {@link abandoned}.
   */
  enter(): number {
    const { state } = this;
    if (state === 'closed') return 0;
    if (state === 'open') return this.openUntil - this.options.now();
    if (this.isTrying) return FIRST_PAUSE_MS;
    this.isTrying = true;
    return 0;
  }

  succeeded(): void {
    this.failures = 0;
    this.isTrying = false;
  }

  /** The caller left before anything was known. */
  abandoned(): void {
    this.isTrying = false;
  }

  failed(): void {
    this.isTrying = false;
    this.failures += 1;
    if (this.failures < TOLERATED) return;
    const pause = Math.min(FIRST_PAUSE_MS * 2 ** (this.failures - TOLERATED), LONGEST_PAUSE_MS);
    this.openUntil = this.options.now() + pause * (0.75 + this.options.random() / 2);
  }
}
