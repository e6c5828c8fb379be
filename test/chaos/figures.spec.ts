import { setTimeout as sleep } from 'node:timers/promises';
import { randomInt } from 'node:crypto';
import { eventually } from '../support/eventually.js';
import { graph, says } from '../support/run-room.js';
import { someMoment } from '../support/some-moment.js';
import type { ServerProcess } from '../support/server-process.js';
import { WorkflowRoom } from '../support/workflow-room.js';

const KILLS = Number(process.env.CHAOS_KILLS ?? 5);
const RUNS = 12;

/** The process is killed while runs end and while their ends are added up: the figures stay those of the runs. */
describe('figures', () => {
  let room: WorkflowRoom;
  let server: ServerProcess;

  beforeAll(async () => {
    room = await WorkflowRoom.open('figures', {
      RUN_LEASE_MS: '1500',
      RUN_MAX_ATTEMPTS: '100',
      SCRIPTED_TOKEN_MS: '2',
    });
    server = await room.start();
  });
  afterAll(() => room?.close());

  const recomputed = async () =>
    (
      await room.sql.query(
        `SELECT count(*)::int AS count, round(avg(duration_ms), 1)::float8 AS average, min(duration_ms) AS least, max(duration_ms) AS most,
           coalesce(sum((usage->>'outputTokens')::int), 0)::int AS output, count(*) FILTER (WHERE status = 'failed')::int AS failed
         FROM run WHERE ended_at IS NOT NULL AND parent_run_id IS NULL`,
      )
    ).rows[0] as unknown;

  async function told(): Promise<unknown> {
    const { body } = await room.call(server, 'GET', '/performance/stats');
    return {
      count: body.totalExecutions,
      average: body.averageExecutionTimeMs,
      least: body.minExecutionTimeMs,
      most: body.maxExecutionTimeMs,
      output: body.outputTokens,
      failed: body.statusCounts.failed,
    };
  }

  it(`neither lose nor double a run by ${KILLS} times kill -9, and are the same after a restart`, async () => {
    const definition = graph([says('one', 'One word after the other, slowly'), says('two', 'And more of them', '')]);
    const failing = graph([{ id: 'no', type: 'fail', config: { code: 'no', detail: 'No.' } }]);
    for (let kill = 0; kill < KILLS; kill += 1) {
      const begun = Array.from({ length: RUNS }, async (_, index) => {
        await sleep(index * 40);
        await room.begin(server, `${kill}-${index}`, index % 4 === 0 ? failing : definition).catch(() => undefined);
      });
      // Between the beginning of the runs and the second after their end, in which they are added up.
      await someMoment(room.sql);
      await sleep(randomInt(0, 1_500));
      await server.kill();
      await Promise.all(begun);
      server = await room.start();
      expect(await told()).toMatchObject({ count: expect.any(Number) });
    }
    await eventually(async () => (await room.sql.query('SELECT FROM run WHERE ended_at IS NULL')).rowCount === 0, {
      withinMs: 60_000,
      what: 'the end of every run',
    });
    const known = await recomputed();
    expect(known).toMatchObject({ failed: expect.any(Number) });
    expect((known as { count: number }).count).toBeGreaterThan(KILLS);
    expect(await told()).toEqual(known);
    await eventually(async () => (await room.sql.query('SELECT FROM figure')).rowCount === 0);
    expect(await told()).toEqual(known);
    await server.stop();
    server = await room.start();
    expect(await told()).toEqual(known);
  }, 240_000);
});
