import { setTimeout as sleep } from 'node:timers/promises';

export interface Patience {
  readonly withinMs?: number;
  readonly everyMs?: number;
  /** What is waited for, for the error. */
  readonly what?: string;
}

/**
 * Asks again and again until the answer is neither undefined, null, false nor 0, and answers that.
 * @throws when it has not come in time, with the last error as its cause
 */
export async function eventually<Value>(
  ask: () => Promise<Value> | Value,
  { withinMs = 60_000, everyMs = 25, what = String(ask) }: Patience = {},
): Promise<NonNullable<Exclude<Value, false | 0>>> {
  const deadline = Date.now() + withinMs;
  for (let cause: unknown; ; await sleep(everyMs)) {
    try {
      const value = await ask();
      if (value || value === '') return value as NonNullable<Exclude<Value, false | 0>>;
      cause = undefined;
    } catch (error) {
      cause = error;
    }
    if (Date.now() > deadline) throw new Error(`Has not come within ${withinMs} ms: ${what}`, { cause });
  }
}
