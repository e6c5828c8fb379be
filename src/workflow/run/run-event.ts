/** The types of a run's events, in the words of the wire. */
export const RUN_EVENT_TYPES = [
  'start',
  'node_start',
  'node_end',
  'token',
  'thinking',
  'tool_call',
  'tool_result',
  'approval_required',
  'approval_decided',
  'source',
  'child_start',
  'child_end',
  'reset',
  'note',
  'usage',
  'complete',
  'error',
] as const;
export type RunEventType = (typeof RUN_EVENT_TYPES)[number];

/** The members of an event beside `type`, `seq`, `runId` and `at`. */
export type EventFields = Readonly<Record<string, unknown>> & { readonly path?: readonly string[] };

/** An event as log, wire and replay hold it: `data` is its JSON text, made once. */
export interface LoggedEvent {
  readonly seq: number;
  readonly type: RunEventType;
  readonly data: string;
}

/** Whether the log ends with an event of this type. */
export const isLast = (type: RunEventType): boolean => type === 'complete' || type === 'error';
