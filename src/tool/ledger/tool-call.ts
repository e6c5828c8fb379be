import type { ProblemBody } from '../../platform/problem/problem.js';
import type { ToolEffect, ToolRisk } from '../tool.js';

export const TOOL_CALL_STATUSES = [
  'planned',
  'awaiting_approval',
  'dispatched',
  'ok',
  'error',
  'denied',
  'in_doubt',
] as const;
export type ToolCallStatus = (typeof TOOL_CALL_STATUSES)[number];

/** A run by the claim under which this process executes it: once another has claimed it, nothing is written for this one. */
export interface RunClaim {
  /** Of the root run. */
  readonly runId: string;
  readonly fence: number;
}

/** A call as the ledger keeps it: written before the tool is called, and again when it is known what came of it. */
export interface ToolCallRecord {
  readonly id: string;
  readonly callId: string;
  readonly tool: string;
  /** Of the arguments as they were asked for. */
  readonly askedHash: string;
  readonly arguments: unknown;
  readonly effect: ToolEffect;
  readonly risk: ToolRisk;
  readonly status: ToolCallStatus;
  readonly idempotencyKey: string;
  /** How often the tool was called. */
  readonly dispatches: number;
  readonly result: unknown;
  readonly problem: ProblemBody | null;
  readonly durationMs: number | null;
}

export interface PlannedCall extends Pick<
  ToolCallRecord,
  'callId' | 'tool' | 'arguments' | 'askedHash' | 'effect' | 'risk' | 'idempotencyKey'
> {
  readonly workspaceId: string;
  readonly userId: string;
  readonly claim?: RunClaim;
}

export interface CallEnd {
  readonly status: 'ok' | 'error' | 'denied' | 'in_doubt';
  readonly result?: unknown;
  readonly problem?: ProblemBody;
  readonly durationMs: number;
}

/** The run belongs to another process by now: this one neither calls tools for it nor writes of it. */
export class ClaimLost extends Error {
  constructor({ runId }: RunClaim) {
    super(`Another process holds run ${runId}.`);
  }
}
