/**
 * Settles with `work`, or as soon as `signal` is aborted, whether `work` notices or not.
 * @throws the signal's reason once it is aborted, whatever `work` made of it; else what `work` threw
 */
export async function untilAborted<Result>(signal: AbortSignal, work: Promise<Result>): Promise<Result> {
  let stop: () => void = () => undefined;
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason as Error);
  });
  if (signal.aborted) stop();
  else signal.addEventListener('abort', stop, { once: true });
  try {
    return await Promise.race([aborted, work]);
  } catch (error) {
    throw signal.aborted ? signal.reason : error;
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

/**
 * Runs `work` with a signal that is aborted when `timeoutMs` are over, with the error that `late` makes, or with
 * `parent`; settles then as {@link untilAborted} does.
 */
export async function withinDeadline<Result>(
  timeoutMs: number,
  parent: AbortSignal,
  late: () => Error,
  work: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  parent.throwIfAborted();
  const controller = new AbortController();
  const stop = (): void => controller.abort(parent.reason);
  parent.addEventListener('abort', stop, { once: true });
  const timer = setTimeout(() => controller.abort(late()), timeoutMs);
  try {
    return await untilAborted(controller.signal, work(controller.signal));
  } finally {
    clearTimeout(timer);
    parent.removeEventListener('abort', stop);
  }
}
