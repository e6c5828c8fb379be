import type { TokenUsage } from '../../llm/chat-model.js';
import type { Database } from '../../platform/database/database.js';
import type { ProblemBody } from '../../platform/problem/problem.js';
import type { RunChange } from './event.repository.js';
import type { Run, RunKind, RunLimits, RunStatus, WorkflowReference } from './run.js';

/** A run as its table has it. */
export interface RunRow {
  readonly id: string;
  readonly workspace_id: string;
  readonly user_id: string;
  readonly kind: RunKind;
  readonly status: RunStatus;
  readonly workflow: WorkflowReference;
  readonly conversation_id: string | null;
  readonly message_id: string | null;
  readonly parent_run_id: string | null;
  readonly root_run_id: string | null;
  readonly path: readonly string[] | null;
  readonly input: Record<string, unknown>;
  readonly limits: RunLimits;
  readonly metadata: Record<string, unknown>;
  readonly output: unknown;
  readonly problem: ProblemBody | null;
  readonly decision: unknown;
  readonly usage: TokenUsage | null;
  readonly cost: number | null;
  readonly cached: boolean;
  readonly cache_age_ms: number | null;
  readonly attempt: number;
  readonly fence: string;
  readonly executed_ms: number;
  readonly cancel_requested_at: Date | null;
  readonly created_at: Date;
  readonly started_at: Date | null;
  readonly ended_at: Date | null;
  readonly duration_ms: number | null;
  readonly has_webhook: boolean;
  readonly traceparent: string | null;
}

export const toRun = (row: RunRow): Run => ({
  id: row.id,
  workspaceId: row.workspace_id,
  userId: row.user_id,
  kind: row.kind,
  status: row.status,
  workflow: row.workflow,
  conversationId: row.conversation_id,
  messageId: row.message_id,
  parentRunId: row.parent_run_id,
  rootRunId: row.root_run_id,
  path: row.path,
  input: row.input,
  limits: row.limits,
  metadata: row.metadata,
  output: row.output,
  problem: row.problem,
  decision: row.decision,
  usage: row.usage,
  cost: row.cost,
  cached: row.cached,
  cacheAgeMs: row.cache_age_ms,
  attempt: row.attempt,
  fence: Number(row.fence),
  executedMs: row.executed_ms,
  cancelRequestedAt: row.cancel_requested_at,
  createdAt: row.created_at,
  startedAt: row.started_at,
  endedAt: row.ended_at,
  durationMs: row.duration_ms,
  hasWebhook: row.has_webhook,
  traceparent: row.traceparent,
});

const NAMES = [
  'id',
  'workspace_id',
  'user_id',
  'kind',
  'status',
  'workflow',
  'conversation_id',
  'message_id',
  'parent_run_id',
  'root_run_id',
  'path',
  'input',
  'limits',
  'metadata',
  'output',
  'problem',
  'decision',
  'usage',
  'cost',
  'cached',
  'cache_age_ms',
  'attempt',
  'fence',
  'executed_ms',
  'cancel_requested_at',
  'created_at',
  'started_at',
  'ended_at',
  'duration_ms',
  'has_webhook',
  'traceparent',
];
export const COLUMNS = NAMES.join(', ');
export const RUN_COLUMNS = NAMES.map((name) => `run.${name}`).join(', ');

/** Makes a change of a run that nothing else is stored with. */
export const alone =
  (database: Database) =>
  ({ tables, values }: RunChange): Promise<object | undefined> =>
    database.one(`WITH ${tables} SELECT held.* FROM held`, values);
