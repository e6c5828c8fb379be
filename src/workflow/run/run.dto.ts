import { ApiProperty } from '@nestjs/swagger';
import {
  Choice,
  Flag,
  Id,
  Int,
  JsonObject,
  JsonValue,
  Nested,
  Num,
  QueryInt,
  Text,
  Time,
} from '../../platform/http/fields.js';
import { pageOf, PageQuery } from '../../platform/http/page.js';
import type { Run as StoredRun } from './run.js';
import { RUN_STATUSES } from './run.js';

export class UsageDto {
  @Int({ description: 'Tokens the models read.', example: 42 })
  readonly inputTokens!: number;

  @Int({ description: 'Tokens the models wrote.', example: 128 })
  readonly outputTokens!: number;

  @Int({ description: 'Sum of both.', example: 170 })
  readonly totalTokens!: number;
}

export class WorkflowReferenceDto {
  @Id({ description: 'Id of a stored workflow.', optional: true })
  readonly id?: string;

  @Text({ description: 'Mode, template or workflow name.', max: 200, optional: true, example: 'plain' })
  readonly name?: string;

  @Int({ description: 'Version of a stored workflow.', optional: true, example: 3 })
  readonly version?: number;

  @Text({ description: 'Content hash of the definition that runs.', max: 64, example: '9f86d081884c7d65' })
  readonly hash!: string;
}

export class RunLimitsDto {
  @Int({
    description: 'Longest the run may take, in milliseconds on the wall clock.',
    min: 1,
    max: 86_400_000,
    optional: true,
  })
  readonly runTimeoutMs?: number;

  @Int({ description: 'Longest a node may take, in milliseconds.', min: 1, max: 86_400_000, optional: true })
  readonly nodeTimeoutMs?: number;

  @Int({ description: 'Most tool calls.', min: 1, max: 50, optional: true })
  readonly maxToolCalls?: number;

  @Int({ description: 'Most tokens of all model calls.', min: 1, max: 100_000_000, optional: true })
  readonly maxTokens?: number;
}

export class RunDto {
  @Id({ description: 'The run.' })
  readonly id!: string;

  @Choice(['chat', 'workflow', 'child'], { description: 'What asked for it.', example: 'chat' })
  readonly kind!: string;

  @Choice(RUN_STATUSES, { description: 'Where it stands.', example: 'succeeded' })
  readonly status!: string;

  @Nested(() => WorkflowReferenceDto, { description: 'What it runs.' })
  readonly workflow!: WorkflowReferenceDto;

  @Id({ description: 'The conversation it answers in.', optional: true })
  readonly conversationId?: string;

  @Id({ description: 'The run whose part it is.', optional: true })
  readonly parentRunId?: string;

  @JsonObject({ description: 'What it was given.', example: { message: 'Hello' } })
  readonly input!: Readonly<Record<string, unknown>>;

  @JsonObject({
    description: 'What its caller keeps with it; absent when empty.',
    optional: true,
    example: { ticket: 42 },
  })
  readonly metadata?: Readonly<Record<string, unknown>>;

  @JsonValue({
    description: 'What came of it; of a run that did not succeed, what it had so far.',
    optional: true,
    example: { text: 'Hi.' },
  })
  readonly output?: unknown;

  @JsonObject({ description: 'Why it did not succeed (RFC 9457).', optional: true })
  readonly problem?: object;

  @JsonValue({ description: 'Which branch a conditional workflow took, and why.', optional: true })
  readonly decision?: unknown;

  @Nested(() => UsageDto, { description: 'Tokens of all model calls; null when none was made.', nullable: true })
  readonly usage!: UsageDto | null;

  @Num({ description: 'US dollars; null when a price is not known.', nullable: true, example: 0.00042 })
  readonly cost!: number | null;

  @Int({ description: 'How often its execution was begun: more than 1 after a crash.', example: 1 })
  readonly attempt!: number;

  @Time({ description: 'When it was accepted.' })
  readonly createdAt!: string;

  @Time({ description: 'When its execution first began.', optional: true })
  readonly startedAt?: string;

  @Time({ description: 'When it ended.', optional: true })
  readonly endedAt?: string;

  @Int({ description: 'Milliseconds from acceptance to end.', optional: true, example: 812 })
  readonly durationMs?: number;

  @Flag({ description: 'Whether the result came from the cache: no model was asked.', example: false })
  readonly cached!: boolean;

  @Int({ description: 'Of a cached result: milliseconds since a model was asked.', min: 0, optional: true })
  readonly cacheAgeMs?: number;
}

/** The public form of a run. */
export const toRunDto = (run: StoredRun): RunDto => ({
  id: run.id,
  kind: run.kind,
  status: run.status,
  workflow: run.workflow,
  conversationId: run.conversationId ?? undefined,
  parentRunId: run.parentRunId ?? undefined,
  input: run.input,
  metadata: Object.keys(run.metadata).length > 0 ? run.metadata : undefined,
  output: run.output ?? undefined,
  problem: run.problem ?? undefined,
  decision: run.decision ?? undefined,
  usage: run.usage,
  cost: run.cost,
  attempt: run.attempt,
  createdAt: run.createdAt.toISOString(),
  startedAt: run.startedAt?.toISOString(),
  endedAt: run.endedAt?.toISOString(),
  durationMs: run.durationMs ?? undefined,
  cached: run.cached,
  cacheAgeMs: run.cacheAgeMs ?? undefined,
});

export class RunPageDto extends pageOf(RunDto) {}

export class RunQuery extends PageQuery {
  @Choice(RUN_STATUSES, { description: 'Only runs with this status.', optional: true })
  readonly status?: (typeof RUN_STATUSES)[number];

  @Id({ description: 'Only runs of this stored workflow.', optional: true })
  readonly workflowId?: string;

  @Id({ description: 'Only runs of this conversation.', optional: true })
  readonly conversationId?: string;

  @Time({ description: 'Only runs accepted at or after this time.', optional: true })
  readonly from?: string;

  @Time({ description: 'Only runs accepted before this time.', optional: true })
  readonly to?: string;
}

export class EventsQuery {
  @QueryInt({ description: 'Only events after this number.', min: 0, max: 2_147_483_647, optional: true, example: 12 })
  readonly after?: number;

  @QueryInt({ description: 'Most events of a JSON page.', min: 1, max: 100, default: 20, optional: true })
  readonly limit: number = 20;

  @Text({ description: 'nextCursor of the JSON page before.', max: 512, optional: true })
  readonly cursor?: string;
}

export class EventPageDto {
  @ApiProperty({
    type: 'array',
    items: { $ref: '#/components/schemas/RunEvent' },
    description: 'Events in their order.',
  })
  readonly items!: readonly object[];

  @ApiProperty({
    type: String,
    nullable: true,
    description: 'Send it as cursor for the next page; null when there is none yet.',
    example: null,
  })
  readonly nextCursor!: string | null;
}
