import { contentHash } from '../platform/schema/canonical-json.js';
import type { ToolCallRecord } from './ledger/tool-call.js';
import type { ToolQuestion } from './tool-invocation.js';
import type { OfferedTool } from './tool-source.js';
import type { ToolRisk } from './tool.js';

const DAY_MS = 86_400_000;

/** Whether a risky call may be made. */
export const aboutCall = (
  tool: OfferedTool,
  call: ToolCallRecord,
  { risk, reason }: { readonly risk: ToolRisk; readonly reason: string },
): ToolQuestion => ({
  ...questionOf(tool, call),
  key: call.callId,
  title: `Call "${tool.title}"?`,
  detail: reason,
  risk,
});

/** Whether a call that may have taken effect is to be made again. */
export const aboutDoubt = (tool: OfferedTool, call: ToolCallRecord): ToolQuestion => ({
  ...questionOf(tool, call),
  key: `${call.callId}?${call.dispatches}`,
  title: `Call "${tool.title}" again?`,
  detail: `The call was cut before its answer came: it may have taken effect. Approve to repeat it, deny to leave it so.`,
  risk: call.risk,
});

const questionOf = ({ name }: OfferedTool, { arguments: args }: ToolCallRecord) => ({
  tool: name,
  arguments: membersOf(args),
  argumentsHash: contentHash(args),
  expiresInMs: DAY_MS,
  onExpire: 'deny' as const,
});

const membersOf = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
