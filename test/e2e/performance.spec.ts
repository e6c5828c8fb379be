import { Client } from 'pg';
import { startApp, type Answer, type SignedIn, type TestApp } from '../support/app.js';
import { eventually } from '../support/eventually.js';
import { graph, says, workflowRoom } from '../support/run-room.js';
import { openStream } from '../support/sse.js';

interface Naive {
  readonly count: number;
  readonly average: number;
  readonly least: number;
  readonly most: number;
  readonly input: number;
  readonly output: number;
  readonly statuses: Readonly<Record<string, number>>;
  readonly workflows: Readonly<Record<string, number>>;
  readonly problems: Readonly<Record<string, number>>;
}

describe('performance statistics', () => {
  let chatter: TestApp;
  let sql: Client;
  let anna: SignedIn;
  let boss: SignedIn;

  beforeAll(async () => {
    chatter = await startApp({ SCRIPTED_TOKEN_MS: '1', ADMIN_EMAIL: 'boss@example.com', EVENT_FLUSH_MS: '5' });
    sql = new Client(chatter.database.connection);
    await sql.connect();
    anna = await chatter.register();
    boss = await chatter.register({ email: 'boss@example.com' });
  });
  afterAll(async () => {
    await sql?.end();
    await chatter?.close();
  });

  const stats = (as: SignedIn, query = ''): Promise<Answer> =>
    chatter.call('GET', `/performance/stats${query}`, { as });
  const post = (as: SignedIn, path: string, body: object): Promise<Answer> => chatter.call('POST', path, { as, body });

  /** The figures as anybody would recompute them from the runs. */
  async function naive(workspaceId: string | null): Promise<Naive> {
    const { rows } = await sql.query<Naive>(
      `WITH ended AS (
         SELECT * FROM run WHERE parent_run_id IS NULL AND ended_at IS NOT NULL AND ($1::uuid IS NULL OR workspace_id = $1)
       )
       SELECT count(*)::int AS count, round(avg(duration_ms), 1)::float8 AS average, min(duration_ms) AS least, max(duration_ms) AS most,
         coalesce(sum((usage->>'inputTokens')::int), 0)::int AS input, coalesce(sum((usage->>'outputTokens')::int), 0)::int AS output,
         (SELECT json_object_agg(status, n) FROM (SELECT status, count(*) AS n FROM ended GROUP BY 1) AS s) AS statuses,
         (SELECT json_object_agg(name, n) FROM (SELECT coalesce(workflow->>'name', '(inline)') AS name, count(*) AS n FROM ended GROUP BY 1) AS w) AS workflows,
         (SELECT coalesce(json_object_agg(slug, n), '{}') FROM (SELECT replace(problem->>'type', '/problems/', '') AS slug, count(*) AS n
            FROM ended WHERE problem IS NOT NULL GROUP BY 1) AS p) AS problems
       FROM ended`,
      [workspaceId],
    );
    return rows[0]!;
  }

  const comparable = ({ body }: Answer): Naive => ({
    count: body.totalExecutions,
    average: body.averageExecutionTimeMs,
    least: body.minExecutionTimeMs,
    most: body.maxExecutionTimeMs,
    input: body.inputTokens,
    output: body.outputTokens,
    statuses: Object.fromEntries(Object.entries<number>(body.statusCounts).filter(([, count]) => count > 0)),
    workflows: body.workflowCounts,
    problems: body.errorCounts,
  });

  async function mix(as: SignedIn): Promise<void> {
    await post(as, '/chat', { message: '[[tokens=40]][[slow=20]] Hello', workflow: 'plain' });
    await post(as, '/chat', { message: 'What is 2 + 3?', workflow: 'tools' });
    await post(as, '/chat', { message: '[[fail]] Hello', workflow: 'plain' });
    await post(as, '/runs', { workflow: 'plain', input: { message: 'Hello' } });
    await post(as, '/runs', {
      definition: {
        kind: 'composite',
        strategy: 'sequential',
        workflows: [
          { id: 'one', workflow: 'plain', input: { message: 'One' } },
          { id: 'two', workflow: 'plain', input: { message: '[[fail]] Two' } },
        ],
      },
      input: { message: 'Both' },
    });
    await post(as, '/runs', {
      definition: graph([{ id: 'no', type: 'fail', config: { code: 'no', detail: 'No.' } }]),
      input: {},
    });
    const late = { definition: graph([{ id: 'wait', type: 'delay', config: { ms: 60_000 } }]), input: {} };
    await post(as, '/runs', { ...late, limits: { runTimeoutMs: 50 } });
    const { body } = await post(as, '/runs', { ...late, mode: 'background' });
    await chatter.call('POST', `/runs/${body.run.id}/cancel`, { as });
  }

  it('equal what is recomputed from the runs: all that ended, however they did, without child runs', async () => {
    await mix(anna);
    await mix(boss);
    const known = await naive(anna.user.personalWorkspaceId);
    expect(known).toMatchObject({ count: 8, statuses: { failed: 2, cancelled: 1, timedOut: 1, succeeded: 4 } });
    const answer = await stats(anna);
    expect(comparable(answer)).toEqual(known);
    // And still once everything has been added to the sums.
    await eventually(async () => (await sql.query('SELECT FROM figure')).rowCount === 0, {
      what: 'nothing left to add',
    });
    expect(comparable(await stats(anna))).toEqual(known);
    expect(comparable(await stats(boss, '?scope=all'))).toEqual(await naive(null));
    for (const period of ['1h', '6h', '48h', '7d', '400d'])
      expect([period, (await stats(anna, `?period=${period}`)).body.totalExecutions]).toEqual([period, 8]);
  });

  it('tell what was measured of models, tools and this process', async () => {
    const { body } = await stats(anna);
    expect(body.timeToFirstTokenMs.p50).toBeGreaterThan(0);
    expect(body.timeToFirstTokenMs.p99).toBeLessThanOrEqual(body.maxExecutionTimeMs * 1.03);
    expect(body.tokensPerSecond).toBeGreaterThan(0);
    expect(body.percentiles.p50).toBeLessThanOrEqual(body.percentiles.p99);
    expect(body.percentiles.p99).toBeLessThanOrEqual(body.maxExecutionTimeMs);
    expect(body.successRates.plain).toBeCloseTo(2 / 3, 3);
    const { rows } = await sql.query(
      `SELECT count(*)::int AS calls, count(*) FILTER (WHERE status <> 'ok')::int AS errors, round(avg(duration_ms), 1)::float8 AS "averageMs"
       FROM tool_call WHERE workspace_id = $1 AND status IN ('ok', 'error', 'in_doubt')`,
      [anna.user.personalWorkspaceId],
    );
    expect(body.tools).toEqual({ calculator: rows[0] });
    expect(body.cache).toEqual({ size: 0, hits: 0, misses: 0, hitRate: null, evictions: 0 });
    expect(body.resources).toMatchObject({ activeRuns: 0, openStreams: 0, queueDepth: 0 });
    expect(body.resources.rssBytes).toBeGreaterThan(body.resources.heapUsedBytes);
    expect(body.resources.eventLoopLagMs.p99).toBeGreaterThanOrEqual(body.resources.eventLoopLagMs.p50);
  });

  it('tell the same by bucket', async () => {
    const { body: all } = await stats(anna, '?period=1h');
    const { body } = await chatter.call('GET', '/performance/trends?period=1h', { as: anna });
    expect(body).toMatchObject({ bucketMs: 60_000 });
    const sum = (of: (trend: Record<string, number>) => number) =>
      body.items.reduce((known: number, trend: Record<string, number>) => known + of(trend), 0);
    expect(sum(({ totalExecutions }) => totalExecutions!)).toBe(all.totalExecutions);
    expect(sum(({ outputTokens }) => outputTokens!)).toBe(all.outputTokens);
    expect(all.performanceTrends.length).toBeGreaterThanOrEqual(60);
    expect(body.items.find(({ totalExecutions }: Record<string, number>) => totalExecutions === 0)).toMatchObject({
      averageExecutionTimeMs: null,
      successRate: null,
      percentiles: { p50: null, p95: null },
    });
  });

  it('are those of one workflow when asked for', async () => {
    const { body } = await stats(anna, '?workflow=tools');
    expect(body).toMatchObject({ totalExecutions: 1, workflowCounts: { tools: 1 }, errorCounts: {} });
    expect((await stats(anna, '?workflow=nothing')).body).toMatchObject({
      totalExecutions: 0,
      percentiles: { p50: null },
    });
  });

  it('show nothing of another workspace, and all of them to system administrators only', async () => {
    const stranger = await chatter.register();
    expect((await stats(stranger)).body).toMatchObject({ totalExecutions: 0, workflowCounts: {}, tools: {} });
    for (const path of ['/performance/stats', '/performance/trends']) {
      const refused = await chatter.call('GET', `${path}?scope=all`, { as: anna });
      expect([refused.status, refused.body.type]).toEqual([403, '/problems/forbidden']);
      expect((await chatter.call('GET', `${path}?scope=all`, { as: boss })).status).toBe(200);
    }
  });

  it('show what goes on in the workspace, and not what goes on in others', async () => {
    const workflow = graph([says('one', 'Hello', '[[slow=60000]]')]);
    const room = workflowRoom(chatter);
    const live = await openStream(`${chatter.url}/api/v1/runs`, {
      method: 'POST',
      headers: { ...anna.headers },
      body: { definition: workflow, input: {}, stream: true },
    });
    const runId = live.headers['x-run-id'] as string;
    await eventually(async () => (await stats(anna)).body.resources.openStreams === 1);
    expect((await stats(anna)).body.resources).toMatchObject({ activeRuns: 1, queueDepth: 0 });
    expect((await stats(boss)).body.resources).toMatchObject({ activeRuns: 0, openStreams: 0 });
    expect((await stats(boss, '?scope=all')).body.resources).toMatchObject({ activeRuns: 1, openStreams: 1 });
    await chatter.call('POST', `/runs/${runId}/cancel`, { as: anna });
    await live.ended;
    await eventually(async () => (await stats(anna)).body.resources.openStreams === 0);
    expect((await room.read(`/runs/${runId}`, anna)).status).toBe('cancelled');
  });

  it.each(['', '0h', '24', '1w', '401d', '-1h', '1.5h', 'h', '999999d'])('refuse the period %j', async (period) => {
    const { status, body } = await stats(anna, `?period=${period}`);
    const [{ pointer, detail }] = body.errors;
    const told = period.endsWith('d') ? 'must be at most 400 days' : 'such as 30m, 24h or 7d';
    expect([status, pointer, detail]).toEqual([422, '/period', expect.stringContaining(told)]);
  });

  it('tell those who are known how long a request was worked on, and nobody else', async () => {
    const { headers } = await stats(anna);
    expect(headers.get('server-timing')).toMatch(/^handler;dur=\d+\.\d$/);
    const login = await post(anna, '/auth/login', { email: anna.user.email, password: anna.password });
    expect([login.status, login.headers.get('server-timing')]).toEqual([200, null]);
  });
});
