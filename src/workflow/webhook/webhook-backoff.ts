const S = 1_000;
const MIN = 60 * S;
const H = 60 * MIN;

/** Time before each further attempt; a delivery that fails once more after the last has failed for good. */
const PAUSES_MS = [5 * S, 30 * S, 2 * MIN, 10 * MIN, H, 6 * H];

/** Milliseconds until the attempt after the `attempt`th (from 1) has failed; undefined when that was the last. */
export const pauseAfter = (attempt: number): number | undefined => PAUSES_MS[attempt - 1];
