import type { StreamFrame } from '../platform/http/event-stream.js';
import { validationFailed } from '../platform/problem/http.errors.js';

/** Something that happened in a workspace, as the frame that tells of it. */
export interface WorkspaceEvent extends StreamFrame {
  readonly seq: string;
  /** Milliseconds since 1970, by the clock of the database. */
  readonly at: number;
  /** What an API key with scopes must carry to be told. */
  readonly scope: string;
}

/** As a source tells it. */
export interface Happening {
  readonly type: string;
  readonly at: number;
  readonly scope: string;
  readonly id: string;
  readonly detail: object;
}

/** The same thing that happened has the same id whenever and wherever it is read. */
export function toWorkspaceEvent({ type, at, scope, id, detail }: Happening): WorkspaceEvent {
  const data = JSON.stringify({ type, at: new Date(at).toISOString(), id, ...detail });
  return { seq: `${at}-${type}-${id}`, event: type, at, scope, data };
}

const EVENT_ID = /^(\d{1,13})-[a-zA-Z]+\.[a-zA-Z]+-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** When the event happened that a reader has read last. @throws Problem validation-failed when the id is none of ours */
export function timeOf(eventId: string, pointer: string): number {
  const [, at] = EVENT_ID.exec(eventId) ?? [];
  if (at === undefined) throw validationFailed([{ pointer, detail: 'must be the id of an event of this stream' }]);
  return Number(at);
}
