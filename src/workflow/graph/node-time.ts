import { limitReached } from '../workflow.errors.js';

/**
 * Runs `work` with a signal that is aborted when `timeoutMs` are over or `parent` is aborted, and settles then whether
 * `work` notices or not. @throws Problem `time-limit-reached` naming the node; else what `work` or `parent` threw
 */
export async function withinTime<Result>(
  timeoutMs: number,
  nodeId: string,
  parent: AbortSignal,
  work: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  parent.throwIfAborted();
  const controller = new AbortController();
  const stop = (): void => controller.abort(parent.reason);
  parent.addEventListener('abort', stop, { once: true });
  const timer = setTimeout(
    () => controller.abort(limitReached('nodeTimeoutMs', timeoutMs, `Node "${nodeId}"`)),
    timeoutMs,
  );
  try {
    const aborted = new Promise<never>((_, reject) => {
      controller.signal.addEventListener('abort', () => reject(controller.signal.reason as Error), { once: true });
    });
    return await Promise.race([work(controller.signal), aborted]);
  } finally {
    clearTimeout(timer);
    parent.removeEventListener('abort', stop);
  }
}
