import type { ModelCallObserver } from '../platform/telemetry/gen-ai-telemetry.js';
import type { ChatDelta } from './chat-model.js';

/** The batches of a model call, told of as they come. `begin` is called when the call is. */
export async function* observedStream(
  begin: () => ModelCallObserver,
  batches: AsyncIterable<readonly ChatDelta[]>,
  signal: AbortSignal,
): AsyncGenerator<readonly ChatDelta[]> {
  const observer = begin();
  let isFirst = true;
  let end: { readonly error?: unknown } | undefined;
  try {
    for await (const batch of batches) {
      if (isFirst && batch.length > 0) observer.first();
      isFirst &&= batch.length === 0;
      for (const delta of batch) {
        if (delta.type === 'usage') observer.used(delta.usage);
        if (delta.type === 'finish') observer.finished(delta.reason);
      }
      yield batch;
    }
    end = {};
  } catch (error) {
    end = { error: signal.aborted ? signal.reason : error };
    throw error;
  } finally {
    // A reader that goes before the end leaves neither.
    observer.end(end ? end.error : (signal.reason ?? new Error('left')));
  }
}
