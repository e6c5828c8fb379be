import type { Request } from 'express';

const MAX_BYTES = 134_217_728;
const MAX_MS = 20_000;

/**
 * Reads and forgets the rest of a refused body: a client that is cut off while it sends does not see the answer. Resolves
 * at the end, or when it becomes too much.
 */
export async function drained(request: Request): Promise<void> {
  if (request.complete || request.destroyed) return;
  let bytes = 0;
  let stop: () => void = () => undefined;
  const done = new Promise<void>((resolve) => (stop = resolve));
  const count = (chunk: Buffer): void => {
    bytes += chunk.length;
    if (bytes > MAX_BYTES) stop();
  };
  const timer = setTimeout(stop, MAX_MS);
  for (const event of ['end', 'close', 'error'] as const) request.once(event, stop);
  request.on('data', count).resume();
  await done;
  clearTimeout(timer);
  request.off('data', count);
  for (const event of ['end', 'close', 'error'] as const) request.off(event, stop);
}
