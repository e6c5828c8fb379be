import { UsageUpkeep } from '../../src/usage/usage-upkeep.js';
import { startApp, type SignedIn, type TestApp } from '../support/app.js';
import { budgetRoom } from '../support/budget-room.js';
import { eventually } from '../support/eventually.js';
import { graph, says } from '../support/run-room.js';

const PRICES = JSON.stringify({ 'scripted:default': { inputPerMillion: 1_000, outputPerMillion: 2_000 } });

describe('the ledger of usage', () => {
  let chatter: TestApp;
  let room: ReturnType<typeof budgetRoom>;
  let anna: SignedIn;
  let bert: SignedIn;

  beforeAll(async () => {
    chatter = await startApp({ SCRIPTED_TOKEN_MS: '0', MODEL_PRICES: PRICES, MODEL_MAX_RETRIES: '0' });
    room = budgetRoom(chatter);
    anna = await chatter.register();
    bert = await chatter.register();
  });

  afterAll(async () => {
    await room?.close();
    await chatter.close();
  });

  const run = (as: SignedIn, definition: object, more: object = {}) =>
    chatter.call('POST', '/runs', { as, body: { definition, ...more } });

  it('sums up what runs and models have used, by model, workflow, user and day', async () => {
    const turn = await room.chat(anna, '[[tokens=40]]');
    await room.chat(anna, '[[tokens=10]]', { conversationId: turn.body.conversation.id });
    await run(anna, graph([says('a', 'one two'), says('b', 'three')]));
    const logged = await room.logged(anna);
    expect(logged).toMatchObject({ calls: 4 });
    expect(logged.cost).toBeGreaterThan(0);
    const today = new Date().toISOString().slice(0, 10);
    const whole = { calls: 4, totalTokens: logged.tokens, unpricedCalls: 0 };
    const [model] = await room.usage(anna, 'groupBy=model');
    expect(model).toMatchObject({ ...whole, key: 'scripted:default', runs: null });
    expect(model.cost).toBeCloseTo(logged.cost, 9);
    expect(model.inputTokens + model.outputTokens).toBe(model.totalTokens);
    expect(await room.usage(anna, 'groupBy=user')).toMatchObject([{ ...whole, key: anna.user.id, runs: 3 }]);
    expect(await room.usage(anna, 'groupBy=workspace')).toMatchObject([
      { ...whole, key: anna.user.personalWorkspaceId, runs: 3 },
    ]);
    expect(await room.usage(anna, 'groupBy=day')).toMatchObject([{ ...whole, key: today, runs: 3 }]);
    expect(await room.usage(anna, 'groupBy=workflow')).toMatchObject([
      { key: '', runs: 1, calls: 2 },
      { key: 'plain', runs: 2, calls: 2 },
    ]);
  });

  it('says the same after its entries were added up by day, and does not add them twice', async () => {
    await room.chat(anna, '[[tokens=20]]');
    const before = await room.usage(anna, 'groupBy=workflow');
    await room.sql.query(`UPDATE usage_entry SET written_at = written_at - interval '2 minutes'`);
    const upkeep = chatter.app.get(UsageUpkeep, { strict: false });
    await Promise.all([upkeep.work(), upkeep.work()]);
    await room.chat(anna, '[[tokens=20]]');
    await room.sql.query(`UPDATE usage_entry SET written_at = written_at - interval '2 minutes'`);
    expect((await room.sql.query('SELECT 1 FROM usage_entry')).rows).not.toEqual([]);
    await upkeep.work();
    expect((await room.sql.query('SELECT 1 FROM usage_entry')).rows).toEqual([]);
    expect(await room.kept(anna)).toEqual(await room.logged(anna));
    const after = await room.usage(anna, 'groupBy=workflow');
    expect(after.map(({ calls }: { calls: number }) => calls)).toEqual([before[0].calls, before[1].calls + 1]);
  });

  it('counts calls that broke off, were cut by a limit or cancelled, by an estimate', async () => {
    const before = await room.logged(bert);
    await room.chat(bert, '[[cut:after=5]] Say exactly: one two three four five six seven');
    await room.chat(bert, '[[tokens=400]][[slow=1]]', { limits: { maxTokens: 50 } });
    const { body } = await chatter.call('POST', '/runs', {
      as: bert,
      body: {
        definition: graph([{ id: 'm', type: 'model', config: { prompt: '[[stall:after=7]][[tokens=20]] Say it.' } }]),
        mode: 'background',
      },
    });
    await eventually(async () => {
      const { items } = (await chatter.call('GET', `/runs/${body.run.id}/events?limit=100`, { as: bert })).body;
      return items.some(({ type }: { type: string }) => type === 'token');
    });
    await chatter.call('POST', `/runs/${body.run.id}/cancel`, { as: bert });
    const logged = await room.logged(bert);
    expect(logged.calls - before.calls).toBe(3);
    expect(await room.kept(bert)).toEqual(logged);
    const { rows } = await room.sql.query<{ output: string }>(
      `SELECT data::jsonb->>'outputTokens' AS output FROM run_event WHERE run_id = $1 AND type = 'usage'`,
      [body.run.id],
    );
    expect(rows).toEqual([{ output: '7' }]);
  });

  it('counts nothing for a call that failed before it said anything', async () => {
    const before = await room.kept(bert);
    expect((await room.chat(bert, '[[fail]]')).status).toBe(503);
    expect(await room.kept(bert)).toEqual(before);
  });

  it('outlives the conversation it tells of', async () => {
    const carl = await chatter.register();
    const { body } = await room.chat(carl, '[[tokens=30]]');
    const kept = await room.kept(carl);
    await chatter.call('DELETE', `/conversations/${body.conversation.id}?purge=true`, { as: carl });
    expect((await room.logged(carl)).calls).toBe(0);
    expect(await room.kept(carl)).toEqual(kept);
  });

  it('shows members below admins their own use alone, and strangers none', async () => {
    const owner = await chatter.register();
    const member = await chatter.register();
    const stranger = await chatter.register();
    const { body: workspace } = await chatter.call('POST', '/workspaces', { as: owner, body: { name: 'Shared' } });
    const members = `/workspaces/${workspace.id}/members`;
    await chatter.call('POST', members, { as: owner, body: { email: member.user.email, role: 'editor' } });
    const headers = { 'X-Workspace-Id': workspace.id };
    for (const as of [owner, owner, member])
      await chatter.call('POST', '/chat', { as, headers, body: { message: '[[tokens=10]]' } });
    const by = (as: SignedIn) => chatter.call('GET', '/usage?groupBy=user', { as, headers });
    expect((await by(member)).body.items).toMatchObject([{ key: member.user.id, runs: 1 }]);
    expect((await by(owner)).body.items).toHaveLength(2);
    expect((await by(stranger)).status).toBe(404);
    expect((await chatter.call('GET', '/usage?groupBy=user', { as: stranger })).body.items).toEqual([]);
  });

  it('pages by key, and takes days and times that there are', async () => {
    const [first] = (await chatter.call('GET', '/usage?groupBy=workflow&limit=1', { as: anna })).body.items;
    const { body } = await chatter.call('GET', '/usage?groupBy=workflow&limit=1', { as: anna });
    const next = await chatter.call('GET', `/usage?groupBy=workflow&limit=1&cursor=${body.nextCursor}`, { as: anna });
    expect([first.key, next.body.items[0].key, next.body.nextCursor]).toEqual(['', 'plain', null]);
    expect(await room.usage(anna, 'from=2020-01-01&to=2020-01-31')).toEqual([]);
    expect(await room.usage(anna, 'from=2020-01-01T00:00:00.000Z&to=2999-01-31')).toHaveLength(1);
    for (const [query, pointer] of [
      ['from=2026-02-31', '/from'],
      ['to=yesterday', '/to'],
      ['from=2026-02-02&to=2026-02-01', '/from'],
      ['groupBy=colour', '/groupBy'],
      ['cursor=abc', '/cursor'],
    ] as const) {
      const answer = await chatter.call('GET', `/usage?${query}`, { as: anna });
      expect([query, answer.status, answer.body.errors?.[0]?.pointer]).toEqual([query, 422, pointer]);
    }
  });
});
