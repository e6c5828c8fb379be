import { problemType, type Problem } from '../../platform/problem/problem.js';
import type { BudgetState } from './budget.js';

export const budgetExceeded = problemType({
  slug: 'budget-exceeded',
  status: 429,
  title: 'Budget exceeded',
  explanation:
    'A budget of the workspace is used up, or has no room for the call. Before anything was answered the request is refused; later the run ends with this problem and keeps what it had. Wait until the budget begins anew ("resetsAt"), or ask an admin to raise it.',
});

/** The problem of a budget that has no room. */
export function exceeded(state: BudgetState): Problem {
  const { id, scope, subjectId, unit, limit, period, used, reserved, resetsAt } = state;
  const until = resetsAt === null ? 'it does not begin anew' : `it begins anew at ${resetsAt.toISOString()}`;
  const held = reserved > 0 ? `, and calls that go on now have reserved ${shown(reserved)}` : '';
  const wait = resetsAt === null ? undefined : Math.max(1, Math.ceil((resetsAt.getTime() - Date.now()) / 1_000));
  return budgetExceeded(
    `The budget of ${shown(limit)} ${NAMES[unit]} ${PER[period]} for ${nameOf(scope, subjectId)} has no room: ${shown(used)} are used${held}; ${until}. An admin can raise it.`,
    {
      extensions: { budgetId: id, scope, unit, limit, used, period, resetsAt: resetsAt?.toISOString() ?? null },
      headers: wait === undefined ? {} : { 'Retry-After': String(wait) },
    },
  );
}

const NAMES = { tokens: 'tokens', cost: 'US dollars', runs: 'runs' } as const;

const PER = { day: 'a day', week: 'a week', month: 'a month', total: 'in all' } as const;

/** A budget in words, for whoever is warned of it. */
export function warningOf(state: BudgetState): string {
  const { scope, subjectId, unit, limit, period } = state;
  return `More than 80 % of the budget of ${shown(limit)} ${NAMES[unit]} ${PER[period]} for ${nameOf(scope, subjectId)} is used.`;
}

const nameOf = (scope: BudgetState['scope'], subjectId: string): string =>
  scope === 'workspace' ? 'the workspace' : `${scope} ${subjectId}`;

const shown = (amount: number): string => String(Number(amount.toFixed(6)));
