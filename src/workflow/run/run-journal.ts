import type { EventCompanions, EventFields, LoggedEvent, NewEvent, RunEventType } from './run-event.js';

interface PendingEvent {
  readonly seq: number;
  readonly type: RunEventType;
  readonly at: string;
  fields: EventFields;
  readonly companions?: EventCompanions;
}

/** Longest text of one event; with it an event stays far below the bound of 256 KB. */
const MAX_TEXT_CHARACTERS = 16_384;
/** Events or text beyond this make the journal full: whoever fills it must wait until it is written. */
const MAX_PENDING_EVENTS = 2_000;
const MAX_PENDING_CHARACTERS = 1_048_576;

/** Events that may wait for others; every other one is news to whoever reads along. */
const PATIENT: ReadonlySet<RunEventType> = new Set(['node_start', 'node_end', 'usage']);

/**
 * The pen of one run: numbers its events and holds those that are not written yet. Text deltas of one message that wait
 * together become one `token` event, also when events of other paths came between. Pure: knows neither time nor storage.
 */
export class RunJournal {
  private pending: PendingEvent[] = [];
  /** The last event of each path that waits. */
  private lastOfPath = new Map<string, PendingEvent>();
  private pendingCharacters = 0;
  private lastSeq = 0;

  constructor(
    readonly runId: string,
    readonly fence: number,
  ) {}

  get isEmpty(): boolean {
    return this.pending.length === 0;
  }

  /** The number of the last event there is, written or not. */
  get last(): number {
    return this.lastSeq;
  }

  /** The number of the last event that no longer waits here. */
  get lastTaken(): number {
    return (this.pending[0]?.seq ?? this.lastSeq + 1) - 1;
  }

  /** Whether something waits that a reader should see at once when the run was quiet. */
  get hasNews(): boolean {
    return this.pending.some(({ type }) => !PATIENT.has(type));
  }

  get isFull(): boolean {
    return this.pending.length > MAX_PENDING_EVENTS || this.pendingCharacters > MAX_PENDING_CHARACTERS;
  }

  /** Numbers go on after `lastSeq`, the number of the last event that is in the log. */
  continueAfter(lastSeq: number): void {
    this.lastSeq = lastSeq;
  }

  /** Answers the number of the (first) event that holds it. */
  record(type: RunEventType, fields: EventFields, at: Date, companions?: EventCompanions): number {
    const text = isText(type) ? String(fields.content) : '';
    this.pendingCharacters += text.length;
    if (text.length <= MAX_TEXT_CHARACTERS) return this.add(type, fields, at, companions);
    const [first] = [...piecesOf(text)].map((content) => this.add(type, { ...fields, content }, at));
    return first ?? this.lastSeq;
  }

  /** What waits, serialised once; it no longer waits here. */
  take(): readonly NewEvent[] {
    const taken = this.pending;
    this.pending = [];
    this.lastOfPath = new Map();
    this.pendingCharacters = 0;
    return taken.map((event) => this.serialised(event));
  }

  /** The event that would follow; recording nothing, so that it can be drafted anew. */
  draft(type: RunEventType, fields: EventFields, at: Date): LoggedEvent {
    return this.serialised({ seq: this.lastSeq + 1, type, at: at.toISOString(), fields });
  }

  private add(type: RunEventType, fields: EventFields, at: Date, companions?: EventCompanions): number {
    const path = fields.path?.join('/') ?? '';
    const last = this.lastOfPath.get(path);
    if (last && mergeable(type, fields, last)) {
      last.fields = { ...last.fields, content: `${String(last.fields.content)}${String(fields.content)}` };
      return last.seq;
    }
    this.lastSeq += 1;
    const event = { seq: this.lastSeq, type, at: at.toISOString(), fields, companions };
    this.pending.push(event);
    this.lastOfPath.set(path, event);
    return this.lastSeq;
  }

  private serialised({ seq, type, at, fields, companions }: PendingEvent): NewEvent {
    const event = { seq, type, data: JSON.stringify({ type, seq, runId: this.runId, at, ...fields }) };
    if (!companions) return event;
    return { ...event, ...companions };
  }
}

const isText = (type: RunEventType): boolean => type === 'token' || type === 'thinking';

/** Text cut to the length of an event, never inside a surrogate pair. */
function* piecesOf(text: string): Generator<string> {
  for (let start = 0, end = 0; start < text.length; start = end) {
    end = start + MAX_TEXT_CHARACTERS;
    if ((text.codePointAt(end - 1) ?? 0) > 0xffff) end -= 1;
    yield text.slice(start, end);
  }
}

function mergeable(type: RunEventType, fields: EventFields, last: PendingEvent): boolean {
  if (!isText(type) || last.type !== type) return false;
  if (String(last.fields.content).length + String(fields.content).length > MAX_TEXT_CHARACTERS) return false;
  return last.fields.messageKey === fields.messageKey;
}
