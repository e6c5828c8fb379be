/** Statements that this process has sent to PostgreSQL, filled by `statement-probe.ts`. */
export const statementCount = { statements: 0, commits: 0 };
