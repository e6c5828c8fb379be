import type { LoggedEvent } from './run-event.js';

/**
 * Reads events until the run has ended, or waits for a person (true). `isWaiting` tells whether a wait that the log tells
 * of still lasts: it may be long over.
 */
export async function waitsForPerson(
  events: AsyncIterable<readonly LoggedEvent[]>,
  isWaiting: () => Promise<boolean>,
): Promise<boolean> {
  for await (const batch of events) {
    const last = batch.at(-1);
    if (last && asksPerson(last) && (await isWaiting())) return true;
  }
  return false;
}

/** Whether the event says that the run was put aside until a person decides. */
function asksPerson({ type, data }: LoggedEvent): boolean {
  if (type !== 'note') return false;
  const { code, approvals = [] } = JSON.parse(data) as {
    readonly code: string;
    readonly approvals?: readonly string[];
  };
  return code === 'waiting' && approvals.length > 0;
}
