import { riskOf } from '../../security/risk/risk.js';
import type { ToolGate } from '../../tool/tool-gate.js';
import type { ToolOutcome } from '../../tool/tool-invocation.js';
import type { OfferedTool } from '../../tool/tool-source.js';
import type { NodeContext } from './node-type.js';

export interface ObservedCall {
  /** Told apart from every other call of the run, and the same in every attempt at it: {@link callIdOf}. */
  readonly callId: string;
  readonly tool: OfferedTool;
  readonly arguments: Readonly<Record<string, unknown>>;
}

/** Calls a tool for a node, and tells that it does and what came of it. @throws as `ToolGate.invoke` does */
export async function observedCall(
  gate: ToolGate,
  { run, emit, signal, waits, settled }: NodeContext<unknown>,
  { callId, tool, arguments: args }: ObservedCall,
): Promise<ToolOutcome> {
  signal.throwIfAborted();
  const { risk } = riskOf({ declared: tool.risk, name: tool.name, arguments: args });
  emit({ type: 'tool_call', callId, tool: tool.name, arguments: args, risk });
  // What asked for the call must outlive this process as the call does: it would ask for another one.
  await settled();
  const { id: runId, workspaceId, userId, workflow, conversationId, claim } = run;
  const outcome = await gate.invoke({
    tool: tool.name,
    arguments: args,
    workspaceId,
    userId,
    workflow,
    conversationId,
    runId,
    claim,
    callId,
    signal,
    askPerson: ({ key, ...question }) => waits.approval(key, { kind: 'tool', callId, ...question }),
  });
  const { status, durationMs } = outcome;
  const result = outcome.status === 'ok' ? { result: outcome.result } : { problem: outcome.problem.body() };
  emit({ type: 'tool_result', callId, status, ...result, durationMs });
  return outcome;
}

/** The id of a node's call: its path within the run, its try, and the call's place in it. None of the characters between stands in a node's id. */
export const callIdOf = ({ path, tries }: Pick<NodeContext<unknown>, 'path' | 'tries'>, place: string): string =>
  `${path.join('/')}${tries}:${place}`;
