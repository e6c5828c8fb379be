import pg from 'pg';
import { statementCount } from './statement-count.ts';

/** Preloaded into a server under test (`--import`): counts what goes through any `pg` client of the process. */
type Query = (this: pg.Client, ...parameters: unknown[]) => unknown;

const prototype = pg.Client.prototype as unknown as { query: Query };
const query = prototype.query;

prototype.query = function countedQuery(this: pg.Client, ...parameters: unknown[]): unknown {
  statementCount.statements += 1;
  if (isCommit(parameters[0])) statementCount.commits += 1;
  return query.apply(this, parameters);
};

function isCommit(statement: unknown): boolean {
  const text = typeof statement === 'string' ? statement : (statement as { readonly text?: unknown } | null)?.text;
  return typeof text === 'string' && text.slice(0, 6).toUpperCase() === 'COMMIT';
}
