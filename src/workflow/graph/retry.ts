import { modelAuthenticationFailed } from '../../llm/llm.errors.js';
import { Problem } from '../../platform/problem/problem.js';
import type { Retry } from '../definition/definition.js';
import { isTimeLimit } from '../workflow.errors.js';

/** Whether a node that failed with `problem` is tried again. */
export const isRetried = (problem: Problem, { on }: Retry): boolean => on.some((kind) => KINDS[kind](problem));

/** Milliseconds to wait before attempt `attempt` (from 2). `random` is from 0 to 1. */
export function delayBefore(attempt: number, { backoffMs, factor, jitter }: Retry, random = Math.random()): number {
  const delay = Math.min(MAX_DELAY_MS, backoffMs * factor ** (attempt - 2));
  return Math.round(jitter ? delay * (1 - random / 2) : delay);
}

const MAX_DELAY_MS = 300_000;

const KINDS: { readonly [Kind in Retry['on'][number]]: (problem: Problem) => boolean } = {
  timeout: (problem) => isTimeLimit(problem) || problem.status === 504 || problem.status === 408,
  rateLimited: ({ status }) => status === 429,
  // A provider that refuses a key is there, and would refuse it again.
  unavailable: (problem) =>
    (problem.status === 502 || problem.status === 503) && !Problem.is(problem, modelAuthenticationFailed),
};
