import type { LoggedEvent } from './run-event.js';

/** Of a root run's events, those of the child at its path and below; they end with the child's end, or the root's. */
export async function* childEvents(
  events: AsyncIterable<readonly LoggedEvent[]>,
  { id, path }: { readonly id: string; readonly path: readonly string[] },
): AsyncGenerator<readonly LoggedEvent[], void> {
  for await (const batch of events) {
    const own: LoggedEvent[] = [];
    for (const event of batch) {
      if (!isWithin(event, path)) continue;
      own.push(event);
      if (endsChild(event, id)) {
        yield own;
        return;
      }
    }
    if (own.length > 0) yield own;
  }
}

/** Whether the event is at the path or below it. */
export function isWithin({ data }: LoggedEvent, path: readonly string[]): boolean {
  const at = pathOf(data);
  return at.length >= path.length && path.every((name, index) => at[index] === name);
}

/** Whether the event is the end of the child. Its path does not tell: a step that is tried again has several there. */
export function endsChild({ type, data }: LoggedEvent, id: string): boolean {
  return type === 'child_end' && (JSON.parse(data) as { readonly childRunId?: string }).childRunId === id;
}

function pathOf(data: string): readonly string[] {
  const { path = [] } = JSON.parse(data) as { readonly path?: readonly string[] };
  return path;
}
