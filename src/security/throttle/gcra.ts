/** A rate for the generic cell rate algorithm: `limit` acts at once, then one every `intervalMs`. */
export interface Rate {
  readonly limit: number;
  /** Milliseconds after which one more act is allowed. */
  readonly intervalMs: number;
  /** Milliseconds a spent allowance needs to be full again; how far ahead of now the "full at" time may lie. */
  readonly windowMs: number;
}

const MINUTE_MS = 60_000;

export const perMinute = (limit: number): Rate => ({ limit, intervalMs: MINUTE_MS / limit, windowMs: MINUTE_MS });

/** Whole seconds (at least 1) until one more act is allowed, when the allowance is full again in `fullInMs`. */
export function retryAfterSeconds(fullInMs: number, { intervalMs, windowMs }: Rate): number {
  return Math.max(1, Math.ceil((fullInMs + intervalMs - windowMs) / 1_000));
}
