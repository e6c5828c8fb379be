import type { TokenUsage } from '../../llm/chat-model.js';
import type { Spender } from '../../usage/budget/budget.js';
import type { ProblemBody } from '../../platform/problem/problem.js';

export const RUN_STATUSES = [
  'queued',
  'running',
  'waiting',
  'paused',
  'succeeded',
  'failed',
  'cancelled',
  'timedOut',
] as const;
export type RunStatus = (typeof RUN_STATUSES)[number];
export type EndStatus = Extract<RunStatus, 'succeeded' | 'failed' | 'cancelled' | 'timedOut'>;
export type RunKind = 'chat' | 'workflow' | 'child';

export const isEnded = (status: RunStatus): status is EndStatus =>
  status === 'succeeded' || status === 'failed' || status === 'cancelled' || status === 'timedOut';

/** A run that holds its conversation: it has begun and not ended. */
export interface HoldingRun {
  readonly id: string;
  readonly status: Extract<RunStatus, 'running' | 'waiting' | 'paused'>;
}

/** What a run says of the workflow it ran. */
export interface WorkflowReference {
  readonly id?: string;
  readonly name?: string;
  readonly version?: number;
  readonly hash: string;
}

/** Under whom and what a run's use of models is counted. */
export const spenderOf = ({
  workspaceId,
  userId,
  workflow,
}: {
  readonly workspaceId: string;
  readonly userId: string;
  readonly workflow: { readonly id?: string; readonly name?: string };
}): Spender => ({ workspaceId, userId, workflow: workflow.id ?? workflow.name ?? '' });

/** Limits a caller may lower for one run; milliseconds and counts. */
export interface RunLimits {
  readonly runTimeoutMs?: number;
  readonly nodeTimeoutMs?: number;
  readonly maxToolCalls?: number;
  readonly maxTokens?: number;
}

/** A run as the table holds it. */
export interface Run {
  readonly id: string;
  readonly workspaceId: string;
  readonly userId: string;
  readonly kind: RunKind;
  readonly status: RunStatus;
  readonly workflow: WorkflowReference;
  readonly conversationId: string | null;
  /** The message that asked for it. */
  readonly messageId: string | null;
  readonly parentRunId: string | null;
  /** Of a child run: the run whose log tells of it, and where in it. */
  readonly rootRunId: string | null;
  readonly path: readonly string[] | null;
  readonly input: Readonly<Record<string, unknown>>;
  readonly limits: RunLimits;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly output: unknown;
  readonly problem: ProblemBody | null;
  readonly decision: unknown;
  readonly usage: TokenUsage | null;
  /** In US dollars; null when the price of a model is not known. */
  readonly cost: number | null;
  /** No model was asked: what it says was answered to the same questions before. */
  readonly cached: boolean;
  readonly cacheAgeMs: number | null;
  readonly attempt: number;
  /** Grows with every claim; each write of the run carries it. */
  readonly fence: number;
  /** Execution time of earlier attempts. */
  readonly executedMs: number;
  readonly cancelRequestedAt: Date | null;
  readonly createdAt: Date;
  readonly startedAt: Date | null;
  readonly endedAt: Date | null;
  readonly durationMs: number | null;
  /** Whether somebody is to be told of its end. */
  readonly hasWebhook: boolean;
  /** The trace of the request that asked for it, when requests are traced. */
  readonly traceparent: string | null;
}
