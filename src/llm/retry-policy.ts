import { Problem } from '../platform/problem/problem.js';
import { modelRateLimited, modelStreamBroken, modelUnavailable } from './llm.errors.js';

export interface RetryPolicy {
  readonly maxRetries: number;
  /** The wait before the first retry; each further one doubles it. */
  readonly firstDelayMs: number;
  /** A provider that asks for a longer wait is not asked again: the caller decides. */
  readonly longestDelayMs: number;
}

export const DEFAULT_RETRY_POLICY: RetryPolicy = { maxRetries: 2, firstDelayMs: 250, longestDelayMs: 10_000 };

/**
 * How long to wait before a call that failed without delivering anything is repeated, in milliseconds; undefined when it
 * is not repeated. `failures` counts from 1, `random` is in [0, 1): the back-off is spread by half around its value, so
 * that callers who failed together do not return together. A Retry-After is never undercut.
 */
export function retryDelayMs(
  error: unknown,
  failures: number,
  random: number,
  policy: RetryPolicy,
): number | undefined {
  if (failures > policy.maxRetries || !isTransient(error)) return undefined;
  const asked = Number(error.headers['Retry-After'] ?? 0) * 1000;
  if (asked > policy.longestDelayMs) return undefined;
  const backOff = policy.firstDelayMs * 2 ** (failures - 1) * (0.5 + random);
  return Math.min(policy.longestDelayMs, Math.max(asked, backOff));
}

/** A failure that another try may not meet. A timeout is none: the caller has waited long enough. */
function isTransient(error: unknown): error is Problem {
  return [modelRateLimited, modelUnavailable, modelStreamBroken].some((maker) => Problem.is(error, maker));
}
