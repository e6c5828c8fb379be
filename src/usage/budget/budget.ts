/** What a budget is about: one user of the workspace, the whole of it, runs of one workflow, or calls of one model. */
export const BUDGET_SCOPES = ['user', 'workspace', 'workflow', 'model'] as const;
export type BudgetScope = (typeof BUDGET_SCOPES)[number];

/** Tokens read and written, US dollars, or runs that were asked for. */
export const BUDGET_UNITS = ['tokens', 'cost', 'runs'] as const;
export type BudgetUnit = (typeof BUDGET_UNITS)[number];

/** Calendar days, weeks from Monday and months, all in UTC; or all that was ever used. */
export const BUDGET_PERIODS = ['day', 'week', 'month', 'total'] as const;
export type BudgetPeriod = (typeof BUDGET_PERIODS)[number];

export interface Budget {
  readonly id: string;
  readonly scope: BudgetScope;
  /** The user, the workspace, the stored workflow (else a mode's or template's name), or the model as "provider:model". */
  readonly subjectId: string;
  readonly unit: BudgetUnit;
  /** Most that may be used in a period. */
  readonly limit: number;
  readonly period: BudgetPeriod;
}

/** A budget with where it stands in its present period. */
export interface BudgetState extends Budget {
  /** What the ledger holds. */
  readonly used: number;
  /** What calls that go on now may still come to. */
  readonly reserved: number;
  /** Null for `total`. */
  readonly resetsAt: Date | null;
  /** Whether somebody was warned in this period. */
  readonly isWarned: boolean;
}

/** Whose use it is. */
export interface Spender {
  readonly workspaceId: string;
  readonly userId: string;
  /** The stored workflow that was asked for, else the name of a mode or template. */
  readonly workflow: string;
}

/** The part of a budget after which somebody is warned. */
const WARNING_PART = 0.8;

/** Whether the budget bounds what the spender does, with the model if one is named. */
export function concerns({ scope, subjectId }: Budget, { userId, workflow }: Spender, model?: string): boolean {
  switch (scope) {
    case 'workspace':
      return true;
    case 'user':
      return subjectId === userId;
    case 'workflow':
      return subjectId === workflow;
    case 'model':
      return subjectId === model;
  }
}

/** Whether nothing more may begin. */
export const isExhausted = ({ unit, limit, used }: BudgetState): boolean =>
  unit === 'runs' ? used + 1 > limit : used >= limit;

/** Whether it is time to warn, when `more` is used beyond what the ledger holds. */
export const isNearlyExhausted = ({ limit, used, isWarned }: BudgetState, more: number): boolean =>
  !isWarned && used + more >= limit * WARNING_PART;

/** What a model's call asks for. */
export interface Demand {
  /** Tokens that the model reads. */
  readonly inputTokens: number;
  /** Tokens that it may write, if there is room. */
  readonly outputTokens: number;
  /** US dollars; null when the model's price is not known, which no budget of costs counts. */
  readonly costOf: (inputTokens: number, outputTokens: number) => number | null;
}

/** What a call may come to. */
export interface Grant {
  /** Tokens the model may write; 0: the call must not be made. */
  readonly outputTokens: number;
  /** What is reserved of each budget for it. */
  readonly amounts: readonly { readonly budgetId: string; readonly amount: number }[];
  /** The budget that allows least, when it is less than what was asked for. */
  readonly limiting?: BudgetState;
  /** Tokens there would be room for if other calls had reserved nothing. */
  readonly possible: number;
}

/** The part of a demand that every budget has room for, counting what others have reserved. */
export function grantOf(states: readonly BudgetState[], demand: Demand): Grant {
  const bounding = states.filter(({ unit }) => unit !== 'runs');
  if (bounding.length === 0) return { outputTokens: Infinity, possible: Infinity, amounts: [] };
  let outputTokens = demand.outputTokens;
  let possible = demand.outputTokens;
  let limiting: BudgetState | undefined;
  for (const state of bounding) {
    const left = state.limit - state.used;
    possible = Math.max(0, Math.min(possible, roomIn(left, state, demand)));
    const room = roomIn(left - state.reserved, state, demand);
    if (room >= outputTokens) continue;
    outputTokens = Math.max(0, room);
    limiting = state;
  }
  const granted = outputTokens === 0 ? [] : bounding;
  const amounts = granted.map((state) => ({ budgetId: state.id, amount: amountOf(state, demand, outputTokens) }));
  return { outputTokens, possible, amounts, limiting };
}

/** What so many tokens count in a budget. */
export function amountOf({ unit }: Budget, { inputTokens, costOf }: Demand, outputTokens: number): number {
  if (unit === 'tokens') return inputTokens + outputTokens;
  return unit === 'cost' ? (costOf(inputTokens, outputTokens) ?? 0) : 0;
}

/** Tokens that may be written for `amount` of a budget, at most as many as are asked for; below 1: not even one. */
function roomIn(amount: number, { unit }: Budget, { inputTokens, outputTokens, costOf }: Demand): number {
  if (unit === 'tokens') return Math.floor(amount - inputTokens);
  const whole = costOf(inputTokens, outputTokens);
  if (whole === null || (whole <= amount && amount > 0)) return outputTokens;
  const read = costOf(inputTokens, 0) ?? 0;
  const each = (whole - read) / outputTokens;
  return each > 0 ? Math.floor((amount - read) / each + 1e-9) : 0;
}
