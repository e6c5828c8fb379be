import { Injectable, Logger } from '@nestjs/common';
import { setTimeout as sleep } from 'node:timers/promises';
import { withinDeadline } from '../platform/clock/deadline.js';
import { isOwnDatabaseUnavailable, isTransient } from '../platform/database/fault.js';
import { Problem } from '../platform/problem/problem.js';
import { GenAiTelemetry } from '../platform/telemetry/gen-ai-telemetry.js';
import type { CallEnd, ToolCallRecord } from './ledger/tool-call.js';
import { ToolLedger } from './ledger/tool-ledger.js';
import { keptResult } from './tool-result.js';
import type { OfferedTool } from './tool-source.js';
import type { ToolInvocation, ToolOutcome } from './tool-invocation.js';
import { ToolConfig } from './tool.config.js';
import { toolCallChanged, toolFailed, toolTimeout } from './tool.errors.js';

const RETRY_MS = 500;
/** How long the end of a call outside of any run is tried to be written; within one, the lease ends that by the signal. */
const PATIENCE_MS = 30_000;

/** A call that nothing stands in the way of. */
export interface PermittedCall {
  readonly tool: OfferedTool;
  readonly call: ToolCallRecord;
  /** As they go into the ledger. */
  readonly arguments: unknown;
  /** As the tool is called with them. */
  readonly parsed: unknown;
}

/** Calls tools that may be called: what is about to happen is in the ledger before, and what came of it after. */
@Injectable()
export class ToolDispatcher {
  private readonly logger = new Logger('Tools');

  constructor(
    private readonly ledger: ToolLedger,
    private readonly config: ToolConfig,
    private readonly telemetry: GenAiTelemetry,
  ) {}

  /** @throws the signal's reason, ClaimLost, and what says that the database is away */
  async dispatch(permitted: PermittedCall, invocation: ToolInvocation): Promise<ToolOutcome> {
    const { call } = permitted;
    if (!(await this.ledger.dispatch(call, permitted.arguments, invocation))) return madeElsewhere(call);
    const startedAt = performance.now();
    const outcome = await this.called(permitted, invocation).then(
      (result) => ({ status: 'ok' as const, result }),
      (error: unknown) => ({ status: 'error' as const, problem: this.problemOf(error, permitted, invocation) }),
    );
    const durationMs = Math.round(performance.now() - startedAt);
    if (outcome.status === 'error') await this.endAborted(call, durationMs, invocation);
    const problem = outcome.status === 'error' ? outcome.problem.record() : undefined;
    await this.end(call, { durationMs, ...outcome, problem }, invocation);
    invocation.signal.throwIfAborted();
    return outcome.status === 'ok' ? { ...outcome, durationMs } : { ...outcome, durationMs, wasCalled: true };
  }

  /** What somebody comes back to stays as it is: whoever does asks itself what became of the call. @throws the signal's reason */
  private async endAborted(call: ToolCallRecord, durationMs: number, invocation: ToolInvocation): Promise<void> {
    if (isAbandoned(invocation))
      await this.end(call, abandoned(call, invocation.signal.reason, durationMs), invocation);
    invocation.signal.throwIfAborted();
  }

  /** Repeats while the database is away or busy: what came of the call is known here alone. */
  private async end(call: ToolCallRecord, end: CallEnd, invocation: ToolInvocation): Promise<void> {
    const { claim, callId, signal } = invocation;
    const until = claim ? Infinity : performance.now() + PATIENCE_MS;
    for (; ; await sleep(RETRY_MS, undefined, { signal }).catch(() => undefined)) {
      try {
        return await this.ledger.end(call, end, invocation);
      } catch (error) {
        if (!isTransient(error) || signal.aborted || performance.now() > until) throw error;
        this.logger.warn(`The end of call ${callId} cannot be written, trying again: ${String(error)}`);
      }
    }
  }

  private async called({ tool, parsed, call }: PermittedCall, invocation: ToolInvocation): Promise<unknown> {
    const { workspaceId, userId, conversationId, runId, callId, signal } = invocation;
    const { timeoutMs = this.config.timeoutMs } = tool;
    const late = () => toolTimeout(`The tool "${tool.name}" took longer than ${timeoutMs} ms. Raise TOOL_TIMEOUT_MS.`);
    const { idempotencyKey } = call;
    const result = await this.telemetry.toolCall({ tool: tool.name, callId }, () =>
      withinDeadline(timeoutMs, signal, late, async (inner) =>
        tool.call(parsed, { workspaceId, userId, conversationId, runId, callId, idempotencyKey, signal: inner }),
      ),
    );
    return keptResult(tool, result);
  }

  /** @throws what says that the database is away, when the next attempt at the run makes the call again */
  private problemOf(error: unknown, { tool }: PermittedCall, { callId, claim }: ToolInvocation): Problem {
    if (error instanceof Problem) return error;
    if (claim && tool.effect !== 'once' && isOwnDatabaseUnavailable(error)) throw error;
    const reason = error instanceof Error ? (error.stack ?? error.message) : String(error);
    this.logger.error(`Tool "${tool.name}" failed in call ${callId} of run ${claim?.runId ?? 'none'}: ${reason}`);
    return toolFailed(`The tool "${tool.name}" failed in call ${callId}. The log says why.`, { cause: error });
  }
}

/** Whether a call was cut and nobody comes back to it. */
const isAbandoned = ({ claim, isKeyed, signal: { aborted, reason } }: ToolInvocation): boolean =>
  aborted && (reason instanceof Problem || (!claim && !isKeyed));

/** What is known of a call whose run ended, or whose caller left, before its answer came. */
const abandoned = ({ effect, tool }: ToolCallRecord, reason: unknown, durationMs: number): CallEnd => ({
  status: effect === 'once' ? 'in_doubt' : 'error',
  problem: (reason instanceof Problem ? reason : callerLeft(tool)).record(),
  durationMs,
});

const callerLeft = (tool: string): Problem =>
  toolFailed(`The caller left before the answer of "${tool}" came. Call it again.`);

const madeElsewhere = ({ tool, callId }: ToolCallRecord): ToolOutcome => ({
  status: 'error',
  problem: toolCallChanged(`Call ${callId} of the tool "${tool}" is being made already.`),
  durationMs: 0,
  wasCalled: false,
});
