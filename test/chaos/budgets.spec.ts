import { eventually } from '../support/eventually.js';
import { WorkflowRoom } from '../support/workflow-room.js';
import { ask, graph } from '../support/workflow-stories.js';

const LEASE_MS = '1500';

describe('a budget whose process is killed', () => {
  let room: WorkflowRoom;

  beforeAll(async () => {
    room = await WorkflowRoom.open('budgets', { RUN_LEASE_MS: LEASE_MS });
  });
  afterAll(() => room?.close());

  const standing = async () => {
    const { rows } = await room.sql.query<{ count: string }>('SELECT count(*) FROM budget_reservation');
    return Number(rows[0]?.count);
  };

  it('is free of what calls had reserved that were cut, and counts those that had ended, once', async () => {
    const first = await room.start();
    // It takes nothing over: only the end of the lease frees what was reserved.
    const second = await room.start({ RUN_SWEEP_MS: '600000', QUEUE_RECONCILE_MS: '600000' });
    const budget = { scope: 'workspace', unit: 'tokens', limit: 100_000, period: 'total' };
    const { body } = await room.call(first, 'POST', '/budgets', budget);
    const release = room.upstream.hold((key) => key.includes('held'));
    const definition = graph([ask('plan', 'plan'), ask('last', 'held last')], ['plan>last']);
    const answer = room.call(first, 'POST', '/runs', { definition, input: { tag: 'a' } }).catch(() => undefined);
    await room.upstream.whenAsked((key) => key.includes('held'));
    const { rows } = await room.sql.query<{ id: string }>('SELECT id FROM run');
    const id = String(rows[0]?.id);
    const stands = async () => (await room.call(second, 'GET', `/budgets/${body.id}`)).body;
    await eventually(async () => {
      const now = await stands();
      return now.used === 15 && now.reserved > 100;
    });
    await first.kill();
    await answer;

    const freed = await eventually(
      async () => {
        const now = await stands();
        return now.reserved === 0 && now;
      },
      { withinMs: 20_000 },
    );
    expect([freed.used, (await room.runOf(id)).status]).toEqual([15, 'running']);
    await second.kill();

    release();
    const third = await room.start();
    await room.reached(id, 'succeeded');
    const { body: after } = await room.call(third, 'GET', `/budgets/${body.id}`);
    expect(after).toMatchObject({ used: 30, reserved: 0 });
    expect(await standing()).toBeLessThanOrEqual(2);
    expect(await room.brokenPromises()).toEqual([]);
  });
});
