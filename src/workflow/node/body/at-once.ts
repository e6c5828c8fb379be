/**
 * Does `work` for each of `count` places, at most `limit` at a time, in order of their numbers; begins none once `signal`
 * is aborted. @throws the first error of `work`, after those that run have ended
 */
export async function atOnce(
  count: number,
  limit: number,
  signal: AbortSignal,
  work: (index: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  let fault: { readonly error: unknown } | undefined;
  const line = async (): Promise<void> => {
    while (next < count && !fault && !signal.aborted) {
      const index = next;
      next += 1;
      try {
        await work(index);
      } catch (error) {
        fault ??= { error };
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(limit, count) }, line));
  if (fault) throw fault.error;
  signal.throwIfAborted();
}
