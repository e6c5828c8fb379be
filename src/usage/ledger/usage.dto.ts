import { Choice, Int, Num, Text } from '../../platform/http/fields.js';
import { pageOf, PageQuery } from '../../platform/http/page.js';
import { USAGE_GROUPS, type UsageGroup, type UsageSum } from './usage.repository.js';

/** A day, or a time of which the day counts. */
const DAY = /^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:\d{2}))?$/;
const DAY_HINT = 'must be a day such as 2026-11-23, or a time';

export class UsageQuery extends PageQuery {
  @Choice(USAGE_GROUPS, { description: 'What to tell it by.', optional: true, default: 'day', example: 'model' })
  readonly groupBy: UsageGroup = 'day';

  @Text({
    description: 'The first day, in UTC. By default 29 days before the last.',
    max: 40,
    pattern: DAY,
    patternHint: DAY_HINT,
    optional: true,
    example: '2026-11-01',
  })
  readonly from?: string;

  @Text({
    description: 'The last day, in UTC. By default today.',
    max: 40,
    pattern: DAY,
    patternHint: DAY_HINT,
    optional: true,
    example: '2026-11-30',
  })
  readonly to?: string;
}

export class UsageSumDto {
  @Text({
    description:
      'The user’s id; the stored workflow’s id, else the name of a mode or template, empty for a definition of no name; the model; or the day.',
    max: 200,
    example: '2026-11-23',
  })
  readonly key!: string;

  @Int({
    description: 'Runs that began, without child runs; null by model, as a run may ask several.',
    min: 0,
    nullable: true,
    example: 12,
  })
  readonly runs!: number | null;

  @Int({ description: 'Calls of models.', min: 0, example: 15 })
  readonly calls!: number;

  @Int({ description: 'Tokens the models read.', min: 0, example: 4_200 })
  readonly inputTokens!: number;

  @Int({ description: 'Tokens the models wrote.', min: 0, example: 1_280 })
  readonly outputTokens!: number;

  @Int({ description: 'Sum of both.', min: 0, example: 5_480 })
  readonly totalTokens!: number;

  @Num({
    description: 'US dollars of the calls whose price is known; null when it is known of none.',
    nullable: true,
    example: 0.042,
  })
  readonly cost!: number | null;

  @Int({ description: 'Calls of models whose price is not known: they are not part of `cost`.', min: 0, example: 0 })
  readonly unpricedCalls!: number;
}

export class UsagePageDto extends pageOf(UsageSumDto) {}

/** The public form of a sum by `groupBy`. */
export const toUsageSumDto = ({ cost, ...sum }: UsageSum, groupBy: UsageGroup): UsageSumDto => ({
  ...sum,
  runs: groupBy === 'model' ? null : sum.runs,
  cost: sum.calls > 0 && sum.unpricedCalls === sum.calls ? null : cost,
});
