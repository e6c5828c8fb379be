import { modelRateLimited, modelTimeout, modelUnavailable } from '../../llm/llm.errors.js';
import { isTransient } from '../../platform/database/fault.js';
import { Problem } from '../../platform/problem/problem.js';

const FIRST_PAUSE_MS = 2_000;
const LONGEST_PAUSE_MS = 60_000;
/** What has stood in the way for so long is not taken for passing any more. */
const PATIENCE_MS = 600_000;

/**
 * How long a document waits, in milliseconds, when `error` says that the database or the model is away or busy; undefined
 * when it says anything else, or such has hindered the document for ten minutes. The pauses double up to a minute: each is
 * as long as the document had been hindered when it was begun, and none shorter than a Retry-After of up to ten minutes.
 */
export function passingPauseMs(error: unknown, hinderedMs: number): number | undefined {
  if (hinderedMs >= PATIENCE_MS || !isPassing(error)) return undefined;
  const asked = error instanceof Problem ? Number(error.headers['Retry-After'] ?? 0) * 1_000 : 0;
  const growing = Math.min(LONGEST_PAUSE_MS, Math.max(FIRST_PAUSE_MS, hinderedMs));
  return Math.round(Math.min(PATIENCE_MS, Math.max(asked, growing)));
}

const isPassing = (error: unknown): boolean =>
  isTransient(error) || [modelRateLimited, modelTimeout, modelUnavailable].some((maker) => Problem.is(error, maker));
