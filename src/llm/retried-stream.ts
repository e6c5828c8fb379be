import type { ChatDelta } from './chat-model.js';
import { pause } from './pause.js';
import { retryDelayMs, type RetryPolicy } from './retry-policy.js';

type Batches = AsyncIterable<readonly ChatDelta[]>;

/**
 * The batches of a model call that is repeated, as the policy says, while it fails before its first batch. Once a delta
 * was delivered the failure is the reader's: only it knows what it has shown.
 */
export async function* retriedStream(
  call: () => Batches | Promise<Batches>,
  policy: RetryPolicy,
  signal: AbortSignal,
): AsyncGenerator<readonly ChatDelta[]> {
  for (let failures = 1; ; failures++) {
    let delivered = false;
    try {
      for await (const batch of await call()) {
        delivered = true;
        yield batch;
      }
      return;
    } catch (error) {
      const delay = delivered || signal.aborted ? undefined : retryDelayMs(error, failures, Math.random(), policy);
      if (delay === undefined) throw error;
      await pause(delay, signal);
    }
  }
}
