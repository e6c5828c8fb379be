import type { TokenUsage } from '../../llm/chat-model.js';
import type { ProblemBody } from '../../platform/problem/problem.js';
import type { RunStatus } from './run.js';

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

/** A child run as its events make it: stored with them, in one statement. */
export interface ChildState {
  readonly id: string;
  readonly rootRunId: string;
  readonly parentRunId: string;
  readonly path: readonly string[];
  readonly status: RunStatus;
  readonly workflow: { readonly id?: string; readonly name?: string; readonly version?: number; readonly hash: string };
  readonly input: Readonly<Record<string, unknown>>;
  readonly startedAt: string;
  readonly endedAt?: string;
  readonly durationMs?: number;
  readonly output?: unknown;
  readonly problem?: ProblemBody;
  readonly decision?: unknown;
  readonly usage?: TokenUsage | null;
  readonly cost?: number | null;
}

/** An approval that is asked for: stored with its event. */
export interface AskedApproval {
  readonly id: string;
  readonly runId: string;
  readonly path: readonly string[];
  readonly kind: 'tool' | 'node';
  readonly title: string;
  readonly detail?: string;
  readonly callId?: string;
  readonly tool?: string;
  readonly arguments?: Readonly<Record<string, unknown>>;
  readonly argumentsHash?: string;
  readonly risk?: string;
  readonly onExpire: 'approve' | 'deny';
  readonly expiresAt: string;
}

/** What an event adds to the ledger of usage, under the run's user and workflow. */
export interface Charge {
  readonly runs?: number;
  readonly call?: {
    /** provider:model */
    readonly model: string;
    readonly usage: TokenUsage;
    /** US dollars; null when the price is not known. */
    readonly cost: number | null;
    /** The reservation that ends with it. */
    readonly reservation?: string;
  };
}

/** What is stored together with an event, and is not part of what readers see. */
export interface EventCompanions {
  /** For `node_end`, `child_end` and `usage`: JSON text of what a later attempt needs to go on after it. */
  readonly result?: string;
  /** Whether `result` is not to be read in the database. */
  readonly isConfidential?: boolean;
  readonly child?: ChildState;
  readonly approval?: AskedApproval;
  readonly charge?: Charge;
}

/** An event as log, wire and replay hold it: `data` is its JSON text, made once. */
export interface LoggedEvent {
  readonly seq: number;
  readonly type: RunEventType;
  readonly data: string;
}

/** An event that is about to be written. */
export interface NewEvent extends LoggedEvent {
  readonly result?: string;
  readonly isConfidential?: boolean;
  readonly child?: ChildState;
  readonly approval?: AskedApproval;
  readonly charge?: Charge;
}

/** Whether the log ends with an event of this type. */
export const isLast = (type: RunEventType): boolean => type === 'complete' || type === 'error';
