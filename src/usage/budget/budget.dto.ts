import { Choice, Id, Num, Text, Time } from '../../platform/http/fields.js';
import { pageOf } from '../../platform/http/page.js';
import {
  BUDGET_PERIODS,
  BUDGET_SCOPES,
  BUDGET_UNITS,
  type BudgetPeriod,
  type BudgetScope,
  type BudgetUnit,
} from './budget.js';
import type { StoredBudget } from './budget.repository.js';

const MOST = 1_000_000_000_000;

const SCOPE = { description: 'What it bounds the use of.', example: 'workflow' };
const SUBJECT = {
  description:
    'The member, the workspace, the stored workflow (or the name of a mode or template) or the model. By default the caller, or the present workspace.',
  max: 200,
  example: 'plain',
};
const UNIT = { description: 'Tokens read and written, US dollars, or runs that were asked for.', example: 'tokens' };
const LIMIT = {
  description: 'Most that may be used in a period; of tokens and runs a whole number.',
  min: 0.000001,
  max: MOST,
  example: 1_000_000,
};
const PERIOD = {
  description: 'A calendar day, a week from Monday or a month, in UTC; `total`: all that was ever used.',
  example: 'month',
};

export class CreateBudgetDto {
  @Choice(BUDGET_SCOPES, SCOPE)
  readonly scope!: BudgetScope;

  @Text({ ...SUBJECT, min: 1, optional: true })
  readonly subjectId?: string;

  @Choice(BUDGET_UNITS, UNIT)
  readonly unit!: BudgetUnit;

  @Num(LIMIT)
  readonly limit!: number;

  @Choice(BUDGET_PERIODS, PERIOD)
  readonly period!: BudgetPeriod;
}

export class UpdateBudgetDto {
  @Num({ ...LIMIT, optional: true })
  readonly limit?: number;

  @Choice(BUDGET_PERIODS, { ...PERIOD, optional: true })
  readonly period?: BudgetPeriod;
}

export class BudgetDto {
  @Id({ description: 'The budget.' })
  readonly id!: string;

  @Choice(BUDGET_SCOPES, SCOPE)
  readonly scope!: BudgetScope;

  @Text({ ...SUBJECT, description: 'The user, workspace, workflow or model.' })
  readonly subjectId!: string;

  @Choice(BUDGET_UNITS, UNIT)
  readonly unit!: BudgetUnit;

  @Num(LIMIT)
  readonly limit!: number;

  @Choice(BUDGET_PERIODS, PERIOD)
  readonly period!: BudgetPeriod;

  @Num({ description: 'Used in the present period.', min: 0, example: 12_345 })
  readonly used!: number;

  @Num({ description: 'Reserved by calls of models that go on now.', min: 0, example: 512 })
  readonly reserved!: number;

  @Time({ description: 'When the next period begins. Null: never.', nullable: true })
  readonly resetsAt!: string | null;

  @Id({ description: 'Who made it.' })
  readonly createdBy!: string;

  @Time({ description: 'When it was made.' })
  readonly createdAt!: string;

  @Time({ description: 'When it was changed last.' })
  readonly updatedAt!: string;
}

export class BudgetPageDto extends pageOf(BudgetDto) {}

/** The public form of a budget. */
export const toBudgetDto = ({
  isWarned: _warned,
  resetsAt,
  createdAt,
  updatedAt,
  ...budget
}: StoredBudget): BudgetDto => ({
  ...budget,
  resetsAt: resetsAt?.toISOString() ?? null,
  createdAt: createdAt.toISOString(),
  updatedAt: updatedAt.toISOString(),
});
