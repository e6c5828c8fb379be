import { Pool } from 'pg';
import { startApp } from '../test/support/app.ts';
import { eventually } from '../test/support/eventually.ts';
import { testDatabase } from '../test/support/postgres.ts';

/**
 * How long `GET /performance/stats` takes after so many runs of the last day, on the embedded server:
 * `npm run bench:statistics -- 1000 100000 1000000`. Before the time is taken their ends are added up, as a running server
 * does it.
 */
const SIZES = process.argv.slice(2).map(Number);
const ROUNDS = 200;

/** Ends of runs as the statement that ends them writes them. */
const ENDS = `
  INSERT INTO figure (workspace_id, kind, subject, status, problem, at, duration_ms, first_token_ms, input_tokens, output_tokens)
  SELECT $1, 'run', 'workflow ' || n % 5, CASE WHEN n % 20 = 0 THEN 'failed' ELSE 'succeeded' END,
    CASE WHEN n % 20 = 0 THEN 'run-failed' ELSE '' END, now() - n % 80000 * interval '1 second', n * 7919 % 20000, n * 7919 % 2000, 100, 50
  FROM generate_series(1, $2::int) AS n`;

const percentile = (sorted: readonly number[], share: number): string =>
  (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN).toFixed(1);

for (const size of SIZES.length > 0 ? SIZES : [1_000, 100_000]) {
  const database = await testDatabase(`statistics_${size}`);
  const sql = new Pool({ ...database.connection, max: 1 });
  const chatter = await startApp({ DB_STATEMENT_TIMEOUT_MS: '600000' }, database);
  const anna = await chatter.register();
  const from = performance.now();
  await sql.query(ENDS, [anna.user.personalWorkspaceId, size]);
  await eventually(async () => (await sql.query('SELECT FROM figure LIMIT 1')).rowCount === 0, {
    withinMs: 600_000,
    everyMs: 100,
    what: 'that all ends are added up',
  });
  const seconds = (performance.now() - from) / 1_000;
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const begun = performance.now();
    const { body } = await chatter.call('GET', '/performance/stats', { as: anna });
    times.push(performance.now() - begun);
    if (body.totalExecutions !== size) throw new Error(`${body.totalExecutions} runs are told of ${size}.`);
  }
  times.sort((a, b) => a - b);
  console.log(
    `${size} runs, added up in ${seconds.toFixed(1)} s: p50 ${percentile(times, 0.5)} ms, p99 ${percentile(times, 0.99)} ms`,
  );
  await chatter.close();
  await sql.end();
  await database.drop();
}
