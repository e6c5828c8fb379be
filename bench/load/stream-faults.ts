import type { ReceivedEvent } from './frames.ts';

/** An event as the database holds it. */
export type LoggedEvent = ReceivedEvent;

const LAST = new Set(['complete', 'error']);

/**
 * How a stream that was read from its first event to its last differs from its run's log: events lost, doubled, out of
 * order, altered or invented. Empty when both are the same and complete.
 */
export function streamFaults(received: readonly ReceivedEvent[], log: readonly LoggedEvent[]): readonly string[] {
  const logged = new Map(log.map((event) => [event.seq, event]));
  const seen = new Set<number>();
  const faults: string[] = [];
  let last = 0;
  for (const { seq, digest } of received) {
    const kept = logged.get(seq);
    if (seen.has(seq)) faults.push(`event ${seq} came twice`);
    else if (seq < last) faults.push(`event ${seq} came after event ${last}`);
    if (!kept) faults.push(`event ${seq} was invented: the log has none of that number`);
    else if (kept.digest !== digest) faults.push(`event ${seq} is not as the log holds it`);
    seen.add(seq);
    last = Math.max(last, seq);
  }
  for (const { seq } of log) if (!seen.has(seq)) faults.push(`event ${seq} was lost`);
  log.forEach(({ seq }, index) => {
    if (seq !== index + 1) faults.push(`the log has event ${seq} in place ${index + 1}`);
  });
  if (!LAST.has(log.at(-1)?.type ?? '')) faults.push('the log has no end');
  return faults;
}
