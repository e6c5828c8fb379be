import { Injectable, type OnModuleInit } from '@nestjs/common';
import { newId } from '../platform/clock/id.js';
import type { Principal } from '../platform/http/principal.js';
import { currentRequest } from '../platform/http/request-context.js';
import { PluginRegistry } from '../platform/plugin/plugin.registry.js';
import type { ProblemBody } from '../platform/problem/problem.js';
import { contentHash } from '../platform/schema/canonical-json.js';
import { CallDeferral, type DeferrableCall, type DeferredCall, type DeferredCalls } from './call-deferral.js';
import { ToolCallRepository } from './ledger/tool-call.repository.js';
import type { ToolCallStatus } from './ledger/tool-call.js';
import { ToolGate } from './tool-gate.js';
import type { ToolOutcome } from './tool-invocation.js';
import { toolApprovalNeeded } from './tool.errors.js';

/** What a call came to, or what it waits for. */
export interface DirectCall {
  readonly callId: string;
  readonly status: ToolCallStatus;
  readonly result?: unknown;
  readonly problem?: ProblemBody;
  readonly durationMs?: number;
  readonly approval?: Readonly<Record<string, unknown>>;
}

export interface DirectOptions {
  /** Of the request, when it has one: the same key is the same call. */
  readonly idempotencyKey?: string;
  readonly signal: AbortSignal;
}

/** Calls of tools that people and other programs make themselves, outside of any run. */
@Injectable()
export class DirectCalls implements OnModuleInit {
  private deferral: DeferredCalls | undefined;

  constructor(
    private readonly gate: ToolGate,
    private readonly calls: ToolCallRepository,
    private readonly plugins: PluginRegistry,
  ) {}

  onModuleInit(): void {
    this.deferral = this.plugins.find<DeferredCalls, void>(CallDeferral)[0]?.plugin;
  }

  /** What a tool makes of its call is an answer. @throws Problem when the tool was not called at all */
  async make(caller: Principal, call: DeferrableCall, options: DirectOptions): Promise<DirectCall> {
    const attached = currentRequest()?.attachedRunId;
    if (attached !== undefined && this.deferral) return this.shown(caller, await this.deferral.find(caller, attached));
    const { callId, outcome, deferred } = await this.outcome(caller, call, options);
    if (deferred) return this.shown(caller, deferred);
    const { durationMs } = outcome;
    if (outcome.status === 'ok') return { callId, status: 'ok', result: outcome.result, durationMs };
    if (outcome.wasCalled !== true) throw outcome.problem;
    return { callId, status: outcome.status, problem: outcome.problem.record(), durationMs };
  }

  /** The same as an outcome: what waits for a person names the approval and the run (`approvalId`, `runId`). */
  async outcome(
    caller: Principal,
    call: DeferrableCall,
    { idempotencyKey, signal }: DirectOptions,
  ): Promise<{ readonly callId: string; readonly outcome: ToolOutcome; readonly deferred?: DeferredCall }> {
    const { workspaceId, userId } = caller;
    const isKeyed = idempotencyKey !== undefined;
    const callId = isKeyed ? contentHash([userId, call.tool, idempotencyKey]) : newId();
    const outcome = await this.gate.invoke({ workspaceId, userId, callId, isKeyed, signal, ...call });
    if (outcome.status !== 'awaiting_approval' || !this.deferral) return { callId, outcome };
    const deferred = await this.deferral.defer(caller, call);
    const problem = outcome.problem.with({ approvalId: deferred.approval?.id, runId: deferred.runId });
    return { callId: deferred.callId, outcome: { ...outcome, problem }, deferred };
  }

  private async shown({ workspaceId }: Principal, { callId, runId, approval }: DeferredCall): Promise<DirectCall> {
    if (approval) return { callId, status: 'awaiting_approval', approval };
    const call = await this.calls.find(workspaceId, callId, runId);
    if (!call) throw toolApprovalNeeded(`The call waits in run ${runId}; read it at /api/v1/runs/${runId}.`);
    const { status, result, problem, durationMs } = call;
    const ended = { callId, status, durationMs: durationMs ?? 0 };
    return problem ? { ...ended, problem } : { ...ended, result };
  }
}
