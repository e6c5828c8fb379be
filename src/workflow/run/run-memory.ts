import type { TokenUsage } from '../../llm/chat-model.js';
import type { ChildResult, KeptAnswer } from '../node/node-type.js';
import type { Remembered, StepResult } from '../graph/execution.js';
import type { KeptEvent } from './event.repository.js';
import type { RunEventType } from './run-event.js';

/** A message whose tokens are in the log, of a node that has not ended. */
export interface OpenMessage {
  readonly messageKey: string;
  readonly fromSeq: number;
  readonly path: readonly string[];
}

interface Spent {
  readonly path: readonly string[];
  readonly usage: TokenUsage;
  readonly cost: number | null;
  readonly model: string;
}

/** A node that an earlier attempt began and did not end, or a child run. */
export interface OpenStep {
  readonly path: readonly string[];
  readonly startedAt: Date;
  readonly node?: { readonly id: string; readonly type: string };
  readonly child?: { readonly id: string; readonly index: number };
}

/** What `node_end`, `child_end` and `usage` keep beside what readers see. */
export interface KeptResult {
  readonly input?: unknown;
  readonly step?: StepResult;
  readonly child?: ChildResult;
  readonly answer?: KeptAnswer;
}

interface EventData {
  readonly at: string;
  readonly path?: readonly string[];
  readonly messageKey?: string;
  readonly content?: string;
  readonly nodeId?: string;
  readonly nodeType?: string;
  readonly childRunId?: string;
  readonly index?: number;
  readonly approvalId?: string;
  readonly key?: string;
  readonly code?: string;
  readonly detail?: string;
  readonly attempt?: number;
  readonly callId?: string;
  readonly expiresAt?: string;
  readonly inputTokens?: number;
  readonly outputTokens?: number;
  readonly totalTokens?: number;
  readonly cost?: number | null;
  readonly model?: string;
  readonly ageMs?: number;
}

/** What a run's log tells whoever goes on with the run: which steps have ended with what, and what is to be taken back. */
export class RunMemory {
  lastSeq = 0;
  /** The paths of the tool calls. */
  readonly toolCalls: (readonly string[])[] = [];
  /** How often the run was put aside. */
  asides = 0;
  /** When a model said something first. */
  firstTokenAt: Date | undefined;
  /** What models have said that is not void, by {@link messageId}. */
  readonly texts = new Map<string, string>();
  readonly spent: Spent[] = [];
  /** Answers that were not asked for anew. */
  readonly cacheHits: { readonly ageMs: number; readonly model: string }[] = [];
  private readonly steps = new Map<string, Remembered>();
  private readonly messages = new Map<string, OpenMessage>();
  private readonly approvals = new Map<string, { readonly id: string; readonly expiresAt: Date }>();
  private readonly decided = new Set<string>();
  private readonly started = new Set<string>();
  private readonly ended = new Set<string>();
  private readonly open = new Map<string, OpenStep>();
  private readonly answers = new Map<string, KeptAnswer>();
  private readonly answered = new Map<string, OpenMessage>();
  /** Calls and results of tools. */
  private readonly toldCalls = new Set<string>();
  /** How often a note stands in the log that a node may come to say again. */
  private readonly notes = new Map<string, number>();

  /** Messages to be taken back: their models are asked again. */
  get openMessages(): readonly OpenMessage[] {
    return [...this.messages.values()];
  }

  /** Messages of answers that have ended, of nodes that have not. */
  get answeredMessages(): readonly OpenMessage[] {
    return [...this.answered.values()];
  }

  /** Inner ones before those around them. */
  get openSteps(): readonly OpenStep[] {
    return [...this.open.values()].toReversed();
  }

  /** What was open has ended in this attempt. */
  close(kind: 'node' | 'child', path: readonly string[]): void {
    this.open.delete(`${kind} ${path.join('/')}`);
  }

  recall(path: readonly string[]): Remembered | undefined {
    return this.steps.get(path.join('/'));
  }

  /** Whether the log holds the `node_start` of the path; the same for its `node_end`. */
  hasStarted(path: readonly string[]): boolean {
    return this.started.has(path.join('/'));
  }
  hasEnded(path: readonly string[]): boolean {
    return this.ended.has(path.join('/'));
  }

  /** The approval that the node at `path` has asked for under `key`. */
  approval(path: readonly string[], key: string): { readonly id: string; readonly expiresAt: Date } | undefined {
    return this.approvals.get(`${path.join('/')} ${key}`);
  }

  /** What a model has answered the node at `path`, when its answer had ended. */
  answer(path: readonly string[], messageKey: string): KeptAnswer | undefined {
    return this.answers.get(messageId(path, messageKey));
  }

  /** Whether the log holds a tool call, or its result. */
  hasTold(type: 'tool_call' | 'tool_result', callId: string): boolean {
    return this.toldCalls.has(`${type} ${callId}`);
  }

  /** Whether the log holds the note, and nobody has said it again. */
  hasNote(path: readonly string[], note: { readonly code: string; readonly detail: string }): boolean {
    return (this.notes.get(noteId(path, note)) ?? 0) > 0;
  }

  /** Whether the log holds the note already; each that it holds counts for one. */
  takeNote(path: readonly string[], note: { readonly code: string; readonly detail: string }): boolean {
    const key = noteId(path, note);
    const left = this.notes.get(key) ?? 0;
    this.notes.set(key, Math.max(0, left - 1));
    return left > 0;
  }

  /** Whether the log holds what was decided. */
  isTold(approvalId: string): boolean {
    return this.decided.has(approvalId);
  }

  /** The node at `path` is tried again: what ran inside of it runs anew. */
  forget(path: readonly string[]): void {
    const node = path.join('/');
    const { childRunId: _, childStartedAt: __, child: ___, ...kept } = this.steps.get(node) ?? {};
    this.steps.set(node, kept);
    for (const known of [this.steps, this.started, this.ended])
      for (const inner of known.keys()) if (inner.startsWith(`${node}/`)) known.delete(inner);
    for (const key of this.approvals.keys())
      if (key.startsWith(`${node}/`) || key.startsWith(`${node} `)) this.approvals.delete(key);
    for (const known of [this.answers, this.answered, this.notes])
      for (const key of known.keys()) if (key.startsWith(`${node}/`) || key.startsWith(`${node} `)) known.delete(key);
  }

  /** Takes in the next events of the log. */
  read(events: readonly KeptEvent[]): void {
    for (const event of events) {
      this.lastSeq = event.seq;
      if (KEPT.has(event.type)) this.take(event, JSON.parse(event.data) as EventData);
    }
  }

  private take({ seq, type, result }: KeptEvent, data: EventData): void {
    const { path = [], at, messageKey = '' } = data;
    const node = path.join('/');
    const message = messageId(path, messageKey);
    switch (type) {
      case 'node_start':
        if (this.started.has(node)) return;
        this.put(node, { startedAt: new Date(at) });
        this.started.add(node);
        this.open.set(`node ${node}`, {
          path,
          startedAt: new Date(at),
          node: { id: data.nodeId ?? '', type: data.nodeType ?? '' },
        });
        return;
      case 'node_end': {
        const { step } = keptOf(result);
        this.put(node, { hasEnded: true, ...(step && { result: step }) });
        this.ended.add(node);
        this.close('node', path);
        for (const said of [this.messages, this.answered])
          for (const [key, each] of said) if (each.path.join('/') === node) said.delete(key);
        return;
      }
      case 'child_start':
        if (this.steps.get(node)?.childRunId !== undefined) return;
        this.put(node, { childRunId: data.childRunId, childStartedAt: new Date(at) });
        this.open.set(`child ${node}`, {
          path,
          startedAt: new Date(at),
          child: { id: data.childRunId ?? '', index: data.index ?? 0 },
        });
        return;
      case 'child_end':
        this.put(node, { child: keptOf(result).child });
        this.close('child', path);
        return;
      case 'approval_required':
        this.approvals.set(`${node} ${data.key ?? ''}`, {
          id: data.approvalId ?? '',
          expiresAt: new Date(data.expiresAt ?? at),
        });
        return;
      case 'approval_decided':
        this.decided.add(data.approvalId ?? '');
        return;
      case 'note':
        if (data.code === 'retry') {
          this.forget(path);
          if (data.attempt !== undefined) this.put(node, { attempt: data.attempt });
          return;
        }
        if (node === '' && (data.code === 'waiting' || data.code === 'paused')) this.asides += 1;
        if (data.code === CACHE_HIT) this.cacheHits.push({ ageMs: data.ageMs ?? 0, model: data.model ?? '' });
        if (node !== '') this.keepNote(path, { code: data.code ?? '', detail: data.detail ?? '' });
        return;
      case 'tool_call':
        this.toolCalls.push(path);
        this.toldCalls.add(`tool_call ${data.callId ?? ''}`);
        return;
      case 'tool_result':
        this.toldCalls.add(`tool_result ${data.callId ?? ''}`);
        return;
      case 'usage': {
        const { inputTokens = 0, outputTokens = 0, totalTokens = 0, cost = null, model = '' } = data;
        this.spent.push({ path, usage: { inputTokens, outputTokens, totalTokens }, cost, model });
        const { answer } = keptOf(result);
        if (answer) this.keepAnswer(path, answer);
        return;
      }
      case 'token':
        this.firstTokenAt ??= new Date(at);
        this.texts.set(message, `${this.texts.get(message) ?? ''}${data.content ?? ''}`);
        this.say({ messageKey, fromSeq: seq, path });
        return;
      case 'thinking':
        this.say({ messageKey, fromSeq: seq, path });
        return;
      case 'reset':
        for (const known of [this.messages, this.texts, this.answers, this.answered]) known.delete(message);
        return;
      default:
        return;
    }
  }

  private keepAnswer(path: readonly string[], answer: KeptAnswer): void {
    const message = messageId(path, answer.messageKey);
    this.answers.set(message, answer);
    const said = this.messages.get(message);
    if (!said) return;
    this.answered.set(message, said);
    this.messages.delete(message);
  }

  private keepNote(path: readonly string[], note: { readonly code: string; readonly detail: string }): void {
    const key = noteId(path, note);
    this.notes.set(key, (this.notes.get(key) ?? 0) + 1);
  }

  private say(message: OpenMessage): void {
    const key = messageId(message.path, message.messageKey);
    if (!this.messages.has(key)) this.messages.set(key, message);
  }

  private put(node: string, remembered: Remembered): void {
    this.steps.set(node, { ...this.steps.get(node), ...remembered });
  }
}

/** The code of the note that tells of one. */
export const CACHE_HIT = 'cache-hit';

/** What a message is known by within a run. */
export const messageId = (path: readonly string[], messageKey: string): string => `${path.join('/')} ${messageKey}`;

const noteId = (
  path: readonly string[],
  { code, detail }: { readonly code: string; readonly detail: string },
): string => `${path.join('/')} ${code} ${detail}`;

const KEPT: ReadonlySet<RunEventType> = new Set([
  'node_start',
  'node_end',
  'child_start',
  'child_end',
  'approval_required',
  'approval_decided',
  'note',
  'tool_call',
  'tool_result',
  'usage',
  'token',
  'thinking',
  'reset',
]);

const keptOf = (result: string | null): KeptResult => (result === null ? {} : (JSON.parse(result) as KeptResult));
