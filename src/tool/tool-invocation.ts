import type { Problem } from '../platform/problem/problem.js';
import type { RunClaim } from './ledger/tool-call.js';
import type { ToolContext, ToolRisk } from './tool.js';

export interface ToolInvocation extends Omit<ToolContext, 'idempotencyKey'> {
  readonly tool: string;
  /** As a model, a definition or a person gives them. */
  readonly arguments: unknown;
  /** What the caller has asked for, as budgets name it; absent for a call outside of any run. */
  readonly workflow?: string;
  /** Of the run it is made for; absent for a call outside of any run. */
  readonly claim?: RunClaim;
  /** Whether a caller outside of any run can come back to this very call. */
  readonly isKeyed?: boolean;
  /** Asks a person about this very call; absent where nobody can be waited for. */
  readonly askPerson?: (question: ToolQuestion) => Promise<ToolPermit>;
}

export interface ToolQuestion {
  /** The same for the same question about a call, however often it is asked. */
  readonly key: string;
  readonly title: string;
  readonly detail?: string;
  readonly tool: string;
  readonly arguments: Readonly<Record<string, unknown>>;
  /** What an answer is bound to: it counts for these arguments and no others. */
  readonly argumentsHash: string;
  readonly risk: ToolRisk;
  readonly expiresInMs: number;
  readonly onExpire: 'approve' | 'deny';
}

export interface ToolPermit {
  readonly approved: boolean;
  readonly expired: boolean;
  readonly by?: string;
  readonly reason?: string;
  /** Of the question that was answered. */
  readonly argumentsHash?: string;
  /** The arguments, as the person edited them. */
  readonly arguments?: Readonly<Record<string, unknown>>;
}

export type ToolOutcome =
  | { readonly status: 'ok'; readonly result: unknown; readonly durationMs: number }
  /**
   * `denied`: the tool was not run, because it may not be. `awaiting_approval`: it was not run, because a person is to
   * agree and none can be waited for. `in_doubt`: it may have taken effect, and nobody knows.
   */
  | {
      readonly status: 'error' | 'denied' | 'awaiting_approval' | 'in_doubt';
      readonly problem: Problem;
      readonly durationMs: number;
      /** Whether the tool was called at all. */
      readonly wasCalled?: boolean;
    };
