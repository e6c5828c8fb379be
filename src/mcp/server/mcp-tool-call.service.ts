import { ProtocolError, ProtocolErrorCode, type CallToolResult } from '@modelcontextprotocol/server';
import { Injectable } from '@nestjs/common';
import type { Principal } from '../../platform/http/principal.js';
import { tooManyRequests, unauthenticated } from '../../platform/problem/http.errors.js';
import { Problem } from '../../platform/problem/problem.js';
import { SessionCheck } from '../../security/identity/session-check.js';
import { DirectCalls } from '../../tool/direct-calls.js';
import { toolUnknown } from '../../tool/tool.errors.js';
import { callResult, failure } from './call-result.js';
import { RunningCalls } from './running-calls.js';

export interface McpToolCall {
  readonly name: string;
  readonly arguments?: Readonly<Record<string, unknown>>;
  readonly signal: AbortSignal;
  /** Called from time to time while the tool works, with the seconds gone by. */
  readonly progress?: (seconds: number) => void;
}

/** How often a caller is told that the tool still works. */
const PROGRESS_MS = 5_000;
/** How often it is asked whether what the caller came with still holds. */
const AUTHORISE_MS = 15_000;

/** Calls of tools that arrive over MCP: through the one door, on the caller's own rights. */
@Injectable()
export class McpToolCallService {
  constructor(
    private readonly calls: DirectCalls,
    private readonly running: RunningCalls,
    private readonly sessions: SessionCheck,
  ) {}

  /** Whatever comes of the call is a result. @throws ProtocolError when there is no such tool; the signal's reason */
  async call(caller: Principal, call: McpToolCall): Promise<CallToolResult> {
    if (!this.running.enter(caller.userId))
      return failure(tooManyRequests('Too many of your tool calls run at once. Wait for one of them to end.'));
    try {
      return await this.watched(caller, call);
    } finally {
      this.running.leave(caller.userId);
    }
  }

  /** Ends the call once the caller's session, key or membership has ended. */
  private async watched(caller: Principal, call: McpToolCall): Promise<CallToolResult> {
    const expelled = new AbortController();
    const startedAt = performance.now();
    const authorise = setInterval(() => void this.expel(caller, expelled), AUTHORISE_MS);
    const tell = setInterval(() => call.progress?.(Math.round((performance.now() - startedAt) / 1_000)), PROGRESS_MS);
    try {
      return await this.invoke(caller, { ...call, signal: AbortSignal.any([call.signal, expelled.signal]) });
    } catch (error) {
      if (expelled.signal.aborted && error instanceof Problem) return failure(error);
      throw error;
    } finally {
      clearInterval(authorise);
      clearInterval(tell);
    }
  }

  private async invoke(caller: Principal, call: McpToolCall): Promise<CallToolResult> {
    const asked = { tool: call.name, arguments: call.arguments ?? {} };
    const { outcome } = await this.calls.outcome(caller, asked, { signal: call.signal });
    if (outcome.status !== 'ok' && Problem.is(outcome.problem, toolUnknown))
      throw new ProtocolError(ProtocolErrorCode.InvalidParams, outcome.problem.detail);
    return callResult(outcome);
  }

  /** A check that fails says nothing of the caller. */
  private async expel(caller: Principal, controller: AbortController): Promise<void> {
    if (await this.sessions.stillValid(caller).catch(() => true)) return;
    controller.abort(unauthenticated('The session, API key or membership that the call was made with has ended.'));
  }
}
