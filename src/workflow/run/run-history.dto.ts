import { ApiProperty } from '@nestjs/swagger';
import { Choice, Id, Int, JsonObject, JsonValue, Nested, Text, TextList, Time } from '../../platform/http/fields.js';
import { pageOf, PageQuery } from '../../platform/http/page.js';
import { UsageDto } from './run.dto.js';
import type { RunStep } from './run-steps.js';

const STATUSES = ['running', 'waiting', 'succeeded', 'failed', 'cancelled'];

export class RunStepDto {
  @Text({ description: 'The path joined by "/"; `fromStep` of a rerun.', max: 2_000, example: 'research/draft' })
  readonly id!: string;

  @TextList({ description: 'The node, and what it is inside of.', maxItems: 32, maxLength: 64, example: ['draft'] })
  readonly path!: readonly string[];

  @Text({ description: 'The node.', max: 64, example: 'draft' })
  readonly nodeId!: string;

  @Text({ description: 'Its type.', max: 64, example: 'model' })
  readonly nodeType!: string;

  @Text({ description: 'Its title.', max: 200, example: 'Draft' })
  readonly title!: string;

  @Choice(STATUSES, { description: 'Where it stands.', example: 'succeeded' })
  readonly status!: string;

  @JsonValue({ description: 'Its configuration with references resolved, once it has ended.', optional: true })
  readonly input?: unknown;

  @JsonValue({ description: 'Its output.', optional: true })
  readonly output?: unknown;

  @JsonObject({ description: 'Why it failed (RFC 9457).', optional: true })
  readonly problem?: object;

  @JsonValue({ description: 'Why it decided as it did.', optional: true })
  readonly explanation?: unknown;

  @Int({ description: 'How often it was tried.', example: 1 })
  readonly attempts!: number;

  @Time({ description: 'When it first began.' })
  readonly startedAt!: string;

  @Time({ description: 'When it ended.', optional: true })
  readonly endedAt?: string;

  @Int({ description: 'Milliseconds.', optional: true, example: 640 })
  readonly durationMs?: number;

  @Nested(() => UsageDto, { description: 'Tokens of its model calls; null when it made none.', nullable: true })
  readonly usage!: UsageDto | null;
}

export class RunStepPageDto extends pageOf(RunStepDto) {}

export class CheckpointDto {
  @Text({ description: 'The checkpoint, within its run; `checkpointId` of a rerun.', max: 20, example: '12' })
  readonly id!: string;

  @Id({ description: 'The run.' })
  readonly runId!: string;

  @Text({
    description: 'The step that had just ended; absent at the beginning.',
    max: 2_000,
    optional: true,
    example: 'draft',
  })
  readonly step?: string;

  @Int({ description: 'The number of the event it is at.', example: 12 })
  readonly seq!: number;

  @Time({ description: 'When it was reached.' })
  readonly createdAt!: string;
}

export class CheckpointPageDto {
  @ApiProperty({ type: () => [CheckpointDto], description: 'In their order.' })
  readonly items!: readonly CheckpointDto[];

  @ApiProperty({ type: String, nullable: true, description: 'Always null: all are answered at once.', example: null })
  readonly nextCursor!: string | null;
}

export class HistoryQuery extends PageQuery {}

/** The public form of a step. */
export const toStepDto = ({ seq: _seq, endSeq: _endSeq, ...step }: RunStep): RunStepDto => step;
