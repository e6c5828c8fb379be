import { ApiProperty, getSchemaPath } from '@nestjs/swagger';
import { Choice, Int, Nested, Num, Text, Time } from '../platform/http/fields.js';
import { PERIOD } from './period.js';

export class PerformanceQuery {
  @Text({
    description:
      'How far back, as a number of minutes (`m`), hours (`h`) or days (`d`), at most 400 days. Its beginning is moved back to a whole minute, or hour when it is longer than 48 hours.',
    example: '24h',
    default: '24h',
    max: 7,
    pattern: PERIOD,
    patternHint: 'must be a number of minutes, hours or days such as 30m, 24h or 7d',
    optional: true,
  })
  readonly period: string = '24h';

  @Choice(['workspace', 'all'], {
    description: '`all` is every workspace, for system administrators.',
    default: 'workspace',
    optional: true,
  })
  readonly scope: string = 'workspace';

  @Text({
    description: 'Only runs of the workflow of this name, as `workflowCounts` shows it.',
    example: 'plain',
    min: 1,
    max: 200,
    optional: true,
  })
  readonly workflow?: string;
}

const MS = { example: 830.4, nullable: true } as const;

class TrendPercentilesDto {
  @Num({ ...MS, description: 'Half of the runs took no longer.' })
  readonly p50!: number | null;

  @Num({ ...MS, description: '95 % of the runs took no longer.' })
  readonly p95!: number | null;
}

class PercentilesDto extends TrendPercentilesDto {
  @Num({ ...MS, description: '90 % of the runs took no longer.' })
  readonly p90!: number | null;

  @Num({ ...MS, description: '99 % of the runs took no longer.' })
  readonly p99!: number | null;
}

class FirstTokenDto extends TrendPercentilesDto {
  @Num({ ...MS, description: '99 % of the runs took no longer.' })
  readonly p99!: number | null;
}

class StatusCountsDto {
  @Int({ description: 'Ended with their output.', example: 120 })
  readonly succeeded!: number;

  @Int({ description: 'Ended with a problem.', example: 2 })
  readonly failed!: number;

  @Int({ description: 'Cancelled, also before they began.', example: 1 })
  readonly cancelled!: number;

  @Int({ description: 'Ended by a limit of time.', example: 0 })
  readonly timedOut!: number;
}

const RATE = { description: 'succeeded / all that ended, 0..1; null when none did.', example: 0.9756, nullable: true };

class TrendDto {
  @Time({ description: 'The beginning of the bucket.' })
  readonly from!: string;

  @Int({ description: 'Root runs that ended in it.', example: 123 })
  readonly totalExecutions!: number;

  @Nested(() => StatusCountsDto, { description: 'How they ended.' })
  readonly statusCounts!: StatusCountsDto;

  @Num(RATE)
  readonly successRate!: number | null;

  @Num({ ...MS, description: 'Mean duration.' })
  readonly averageExecutionTimeMs!: number | null;

  @Nested(() => TrendPercentilesDto, { description: 'Of the durations, at most 2.5 % off.' })
  readonly percentiles!: TrendPercentilesDto;

  @Int({ description: 'Tokens that models read.', example: 20_480 })
  readonly inputTokens!: number;

  @Int({ description: 'Tokens that models wrote.', example: 4_096 })
  readonly outputTokens!: number;
}

class WindowDto {
  @Time({ description: 'The beginning of what is counted.' })
  readonly from!: string;

  @Time({ description: 'Its end: now.' })
  readonly to!: string;

  @Int({
    description: 'Length of a bucket, milliseconds; the first one is shorter when the period cuts it.',
    example: 3_600_000,
  })
  readonly bucketMs!: number;
}

export class PerformanceTrendsDto extends WindowDto {
  @ApiProperty({ type: TrendDto, isArray: true, description: 'The buckets, oldest first.' })
  readonly items!: readonly TrendDto[];
}

export class ToolFiguresDto {
  @Int({ description: 'Calls that were made and have ended.', example: 40 })
  readonly calls!: number;

  @Int({ description: 'Those that failed, or of which nobody knows.', example: 1 })
  readonly errors!: number;

  @Num({ ...MS, description: 'Mean duration of those that were answered.' })
  readonly averageMs!: number | null;
}

class CacheFiguresDto {
  @Int({
    description:
      'Answers that this process keeps in memory; with `scope=all` all that it keeps. Null: they are in Redis.',
    nullable: true,
    example: 12,
  })
  readonly size!: number | null;

  @Int({ description: 'Answers that runs of the period found.', example: 90 })
  readonly hits!: number;

  @Int({ description: 'Those they did not find.', example: 10 })
  readonly misses!: number;

  @Num({ description: 'hits / (hits + misses); null when nothing was asked for.', example: 0.9, nullable: true })
  readonly hitRate!: number | null;

  @Int({ description: 'Entries that this process has dropped for others, since its start.', example: 0 })
  readonly evictions!: number;
}

class LagDto {
  @Num({ description: 'Half of the time no later.', example: 0.2, nullable: true })
  readonly p50!: number | null;

  @Num({ description: '99 % of the time no later.', example: 4.1, nullable: true })
  readonly p99!: number | null;
}

class ResourcesDto {
  @Int({ description: 'Memory of this process.', example: 180_000_000 })
  readonly rssBytes!: number;

  @Int({ description: 'Of it, heap in use.', example: 70_000_000 })
  readonly heapUsedBytes!: number;

  @Num({
    description: 'Processor time of this process in the last minute; 100 is one core.',
    example: 12.5,
    nullable: true,
  })
  readonly cpuPercent!: number | null;

  @Nested(() => LagDto, { description: 'How late timers of this process were in the last minute, milliseconds.' })
  readonly eventLoopLagMs!: LagDto;

  @Int({ description: 'Root runs of the scope that are executed, in all processes.', example: 3 })
  readonly activeRuns!: number;

  @Int({ description: 'Event streams of the scope that this process sends.', example: 2 })
  readonly openStreams!: number;

  @Int({ description: 'Runs of the scope that wait for their turn.', example: 0 })
  readonly queueDepth!: number;
}

export class PerformanceStatsDto extends WindowDto {
  @Num({ ...MS, description: 'Mean duration of root runs, from their acceptance to their end.' })
  readonly averageExecutionTimeMs!: number | null;

  @Int({ description: 'The shortest.', example: 120, nullable: true })
  readonly minExecutionTimeMs!: number | null;

  @Int({ description: 'The longest.', example: 20_480, nullable: true })
  readonly maxExecutionTimeMs!: number | null;

  @Nested(() => PercentilesDto, { description: 'Of the durations, at most 2.5 % off.' })
  readonly percentiles!: PercentilesDto;

  @Nested(() => FirstTokenDto, {
    description: 'From the acceptance of a run to the first token of a model, at most 2.5 % off.',
  })
  readonly timeToFirstTokenMs!: FirstTokenDto;

  @Num({
    description:
      'Output tokens of answers that came in several pieces, per second between the first and the last piece.',
    example: 61.3,
    nullable: true,
  })
  readonly tokensPerSecond!: number | null;

  @Int({ description: 'Tokens that models read.', example: 204_800 })
  readonly inputTokens!: number;

  @Int({ description: 'Tokens that models wrote.', example: 40_960 })
  readonly outputTokens!: number;

  @Int({ description: 'Root runs that ended, however they did; child runs are part of theirs.', example: 123 })
  readonly totalExecutions!: number;

  @Nested(() => StatusCountsDto, { description: 'How they ended.' })
  readonly statusCounts!: StatusCountsDto;

  @Num(RATE)
  readonly successRate!: number | null;

  @ApiProperty({
    type: 'object',
    additionalProperties: { type: 'integer' },
    description:
      'Runs by the name of their workflow; those without one are "(inline)", those beyond 200 names "(others)".',
    example: { plain: 100, tools: 23 },
  })
  readonly workflowCounts!: Readonly<Record<string, number>>;

  @ApiProperty({
    type: 'object',
    additionalProperties: { type: 'number' },
    description: 'The share of them that succeeded, 0..1, by the same names.',
    example: { plain: 0.99, tools: 0.913 },
  })
  readonly successRates!: Readonly<Record<string, number>>;

  @ApiProperty({
    type: 'object',
    additionalProperties: { type: 'integer' },
    description: 'Runs that ended with a problem, by its slug, at most 200.',
    example: { 'model-unavailable': 2, 'run-cancelled': 1 },
  })
  readonly errorCounts!: Readonly<Record<string, number>>;

  @ApiProperty({
    type: 'object',
    additionalProperties: { $ref: getSchemaPath(ToolFiguresDto) },
    description: 'Calls of tools by name; those beyond 200 names are "(others)".',
    example: { calculator: { calls: 40, errors: 1, averageMs: 3.2 } },
  })
  readonly tools!: Readonly<Record<string, ToolFiguresDto>>;

  @ApiProperty({ type: TrendDto, isArray: true, description: 'The same by bucket, oldest first.' })
  readonly performanceTrends!: readonly TrendDto[];

  @Nested(() => CacheFiguresDto, { description: 'Answers of deterministic runs that were given before.' })
  readonly cache!: CacheFiguresDto;

  @Nested(() => ResourcesDto, { description: 'What is going on now.' })
  readonly resources!: ResourcesDto;
}
