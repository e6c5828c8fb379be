import type { LoggedEvent } from './run-event.js';

/** What the log of an interrupted run says about its last attempts. */
export interface Unfinished {
  readonly lastSeq: number;
  /** Messages that have tokens in the log: the graph runs anew, so their models are asked again. */
  readonly openMessages: readonly {
    readonly messageKey: string;
    readonly fromSeq: number;
    readonly path: readonly string[];
  }[];
  /** Paths (joined by /) of nodes whose `node_start` and `node_end` are in the log already. */
  readonly startedNodes: ReadonlySet<string>;
  readonly endedNodes: ReadonlySet<string>;
}

interface EventData {
  readonly path?: readonly string[];
  readonly messageKey?: string;
  readonly status?: string;
}

/** Reads an interrupted run's log: what is to be taken back, and what must not be told twice. */
export function unfinishedOf(events: readonly LoggedEvent[]): Unfinished {
  const open = new Map<string, { messageKey: string; fromSeq: number; path: readonly string[] }>();
  const startedNodes = new Set<string>();
  const endedNodes = new Set<string>();
  for (const { seq, type, data } of events) {
    if (type !== 'token' && type !== 'thinking' && type !== 'node_start' && type !== 'node_end' && type !== 'reset')
      continue;
    const { path = [], messageKey = '' } = JSON.parse(data) as EventData;
    const node = path.join('/');
    const key = `${node} ${messageKey}`;
    if (type === 'node_start') startedNodes.add(node);
    else if (type === 'node_end') endedNodes.add(node);
    else if (type === 'reset') open.delete(key);
    else if (!open.has(key)) open.set(key, { messageKey, fromSeq: seq, path });
  }
  return { lastSeq: events.at(-1)?.seq ?? 0, openMessages: [...open.values()], startedNodes, endedNodes };
}
