import { Pool } from 'pg';
import type { Answer, SignedIn, TestApp } from './app.js';

export interface BudgetParts {
  readonly scope?: string;
  readonly subjectId?: string;
  readonly unit?: string;
  readonly limit: number;
  readonly period?: string;
}

/** What the ledger and the logs of a workspace say was used, by queries as plain as can be. */
export interface Sums {
  readonly calls: number;
  readonly tokens: number;
  readonly cost: number;
}

/** Budgets and what is used of them, over HTTP and as the tables have it. */
export function budgetRoom(chatter: TestApp) {
  const sql = new Pool({ ...chatter.database.connection, max: 2 });
  const sums = async (query: string, workspaceId: string): Promise<Sums> => {
    const { rows } = await sql.query<Record<keyof Sums, string | null>>(query, [workspaceId]);
    const { calls, tokens, cost } = rows[0] ?? { calls: null, tokens: null, cost: null };
    return { calls: Number(calls), tokens: Number(tokens), cost: Number(Number(cost).toFixed(9)) };
  };
  return {
    sql,
    close: () => sql.end(),
    create: (as: SignedIn, { scope = 'workspace', unit = 'tokens', period = 'month', ...rest }: BudgetParts) =>
      chatter.call('POST', '/budgets', { as, body: { scope, unit, period, ...rest } }),
    /** One that must work; answers its id. */
    async made(as: SignedIn, parts: BudgetParts): Promise<string> {
      const { status, body } = await this.create(as, parts);
      if (status !== 201) throw new Error(`The budget is refused: ${JSON.stringify(body)}`);
      return body.id as string;
    },
    read: async (as: SignedIn, id: string) => (await chatter.call('GET', `/budgets/${id}`, { as })).body,
    chat: (as: SignedIn, message: string, more: object = {}): Promise<Answer> =>
      chatter.call('POST', '/chat', { as, body: { message, ...more } }),
    usage: async (as: SignedIn, query: string) => (await chatter.call('GET', `/usage?${query}`, { as })).body.items,
    logged: (as: SignedIn) =>
      sums(
        `SELECT count(*) AS calls, sum((data::jsonb->>'totalTokens')::bigint) AS tokens, sum((data::jsonb->>'cost')::numeric) AS cost
         FROM run_event WHERE workspace_id = $1 AND type = 'usage'`,
        as.user.personalWorkspaceId,
      ),
    kept: (as: SignedIn) =>
      sums(
        'SELECT sum(calls) AS calls, sum(total_tokens) AS tokens, sum(cost) AS cost FROM usage_ledger WHERE workspace_id = $1',
        as.user.personalWorkspaceId,
      ),
    /** Reservations, whether they still count or not. */
    reservations: async (): Promise<number> => {
      const { rows } = await sql.query<{ count: string }>('SELECT count(*) FROM budget_reservation');
      return Number(rows[0]?.count);
    },
  };
}
