import type { CallToolResult } from '@modelcontextprotocol/server';
import type { Problem } from '../../platform/problem/problem.js';
import type { ToolOutcome } from '../../tool/tool-gate.js';

/** Where a result that is an error carries its problem (RFC 9457) as data. */
const PROBLEM_KEY = 'chatter/problem';

/** What a client is answered: a result that its model reads, and the same as data. */
export function callResult(outcome: ToolOutcome): CallToolResult {
  return outcome.status === 'ok' ? success(outcome.result) : failure(outcome.problem);
}

function success(result: unknown): CallToolResult {
  const text = typeof result === 'string' ? result : JSON.stringify(result ?? null);
  return { content: [{ type: 'text', text }], ...(isObject(result) && { structuredContent: result }) };
}

/** An error the model can read and act on: the call itself was answered. */
export function failure(problem: Problem): CallToolResult {
  const { title } = problem.type;
  return {
    isError: true,
    content: [{ type: 'text', text: [`${title}: ${problem.detail}`, ...approvalIn(problem)].join('\n') }],
    _meta: { [PROBLEM_KEY]: problem.record() },
  };
}

/** What waits goes on by itself: a second call would be a second act. */
function approvalIn({ extensions: { approvalId, runId } }: Problem): readonly string[] {
  if (typeof approvalId !== 'string') return [];
  const asking = `Approval ${approvalId} waits for a person: POST /api/v1/approvals/${approvalId}/decision decides it.`;
  if (typeof runId !== 'string') return [asking];
  return [asking, `Do not call the tool again: GET /api/v1/runs/${runId} answers what came of this call.`];
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
