import { setTimeout as sleep } from 'node:timers/promises';
import { Pool } from 'pg';
import { newId } from '../../src/platform/clock/id.js';
import { ToolModule } from '../../src/tool/tool.module.js';
import { startApp, type Answer, type SignedIn, type TestApp } from '../support/app.js';
import { eventually } from '../support/eventually.js';
import { graph, install, node } from '../support/stories.js';
import { AnyTool, DeleteTool, EchoTool } from '../support/test-tools.js';

const EVERYBODY = { role: 'viewer', level: 'execute' };

describe('tools over HTTP', () => {
  let chatter: TestApp;
  let anna: SignedIn;
  let ben: SignedIn;
  let eve: SignedIn;
  let workspace: string;
  let sql: Pool;

  beforeAll(async () => {
    install(ToolModule, EchoTool, AnyTool, DeleteTool);
    chatter = await startApp({ SCRIPTED_TOKEN_MS: '0', LOG_LEVEL: 'fatal', RUN_SWEEP_MS: '200' });
    [anna, ben, eve] = [await chatter.register(), await chatter.register(), await chatter.register()];
    workspace = anna.user.personalWorkspaceId;
    const member = { email: ben.user.email, role: 'editor' };
    await chatter.call('POST', `/workspaces/${workspace}/members`, { as: anna, body: member });
    sql = new Pool({ ...chatter.database.connection, max: 2 });
  });
  afterAll(async () => {
    await sql.end();
    await chatter.close();
  });
  beforeEach(async () => {
    await sql.query('DELETE FROM tool_grant');
    await sql.query('DELETE FROM tool_switch');
    any().act = () => 'done';
    deletions().deleted.length = 0;
  });

  const any = () => chatter.app.get(AnyTool, { strict: false });
  const deletions = () => chatter.app.get(DeleteTool, { strict: false });
  const as = (user: SignedIn, method: string, path: string, body?: unknown, headers = {}): Promise<Answer> =>
    chatter.call(method, path, { as: user, body, headers: { 'X-Workspace-Id': workspace, ...headers } });
  const grant = async (parts: object): Promise<string> => {
    const { status, body } = await as(anna, 'POST', '/tools/grants', { ...EVERYBODY, ...parts });
    expect([status, body.id]).toEqual([201, expect.any(String)]);
    return body.id as string;
  };
  const invoke = (user: SignedIn, tool: string, args: object = {}, headers = {}) =>
    as(user, 'POST', `/tools/${tool}/invoke`, { arguments: args }, headers);
  const slugOf = ({ status, body }: Answer) => [status, (body as { type: string }).type.replace('/problems/', '')];
  const ended = (runId: string) =>
    eventually(async () => {
      const { body } = await as(anna, 'GET', `/runs/${runId}`);
      return ['succeeded', 'failed'].includes(body.status) && body;
    });
  const eventsOf = async (runId: string, type: string) =>
    (await as(anna, 'GET', `/runs/${runId}/events?limit=100`)).body.items.filter(
      (event: { type: string }) => event.type === type,
    );
  const decide = (user: SignedIn, id: string, body: object) => as(user, 'POST', `/approvals/${id}/decision`, body);
  const audited = async (action: string) =>
    (await sql.query<{ subject: string }>('SELECT subject FROM audit WHERE action = $1', [action])).rows;

  describe('grants', () => {
    it('are made, read, changed and deleted by admins', async () => {
      const made = await as(anna, 'POST', '/tools/grants', {
        userId: ben.user.id,
        tool: 'test_any',
        level: 'execute',
        expiresAt: '2099-01-01T00:00:00.000Z',
        quota: { perHour: 5 },
      });
      expect(made).toMatchObject({
        status: 201,
        body: { userId: ben.user.id, tool: 'test_any', level: 'execute', quota: { perHour: 5 } },
      });
      const path = `/tools/grants/${made.body.id as string}`;
      expect(made.headers.get('location')).toBe(`/api/v1${path}`);
      const changed = await as(anna, 'PATCH', path, { level: 'none', quota: null, expiresAt: null });
      expect(changed.body).toMatchObject({ level: 'none', quota: null, expiresAt: null });
      expect((await as(anna, 'GET', '/tools/grants')).body.items).toMatchObject([{ level: 'none' }]);
      expect((await as(anna, 'DELETE', path)).status).toBe(204);
      expect((await as(anna, 'GET', path)).status).toBe(404);
    });

    it('have exactly one subject and one object', async () => {
      const faulty = await as(anna, 'POST', '/tools/grants', { level: 'read' });
      expect(faulty.body.errors.map(({ pointer }: { pointer: string }) => pointer)).toEqual(['/userId', '/tool']);
      const both = { ...EVERYBODY, userId: ben.user.id, tool: 'a', pattern: 'b*' };
      expect((await as(anna, 'POST', '/tools/grants', both)).body.errors).toHaveLength(2);
    });

    it('are for members: strangers and nobody are refused alike', async () => {
      const [stranger, nobody] = await Promise.all(
        [eve.user.id, newId()].map((userId) =>
          as(anna, 'POST', '/tools/grants', { userId, pattern: '*', level: 'read' }),
        ),
      );
      expect(slugOf(stranger!)).toEqual([422, 'validation-failed']);
      expect(stranger!.body.errors).toEqual(nobody!.body.errors);
    });

    it.each([
      ['in the past', { tool: 'a', expiresAt: '2020-01-01T00:00:00.000Z' }, ['/expiresAt']],
      ['without a number', { tool: 'a', quota: {} }, ['/quota']],
      ['for a server that is not there, and all of that', { serverId: newId(), quota: {} }, ['/quota', '/serverId']],
    ])('that can never apply are refused: %s', async (_what, parts, pointers) => {
      const refused = await as(anna, 'POST', '/tools/grants', { ...EVERYBODY, ...parts });
      expect(slugOf(refused)).toEqual([422, 'validation-failed']);
      expect(refused.body.errors.map(({ pointer }: { pointer: string }) => pointer)).toEqual(pointers);
    });

    it('keep a quota with a number in it, or none', async () => {
      const id = await grant({ tool: 'a', quota: { perDay: 1 } });
      expect((await as(anna, 'PATCH', `/tools/grants/${id}`, { quota: {} })).body.errors[0].pointer).toBe('/quota');
      expect((await as(anna, 'GET', `/tools/grants/${id}`)).body.quota).toEqual({ perDay: 1 });
    });

    it('are for servers of the workspace, and may name tools that are not there yet', async () => {
      const server = { name: 'weather', url: 'https://mcp.example.com/mcp' };
      const [ours, theirs] = [
        await as(anna, 'POST', '/mcp/servers', server),
        await chatter.call('POST', '/mcp/servers', { as: eve, body: server }),
      ];
      expect([ours.status, theirs.status]).toEqual([201, 201]);
      await grant({ serverId: ours.body.id });
      await grant({ tool: 'weather__later' });
      const foreign = await as(anna, 'POST', '/tools/grants', { ...EVERYBODY, serverId: theirs.body.id });
      expect(foreign.body.errors).toEqual([{ pointer: '/serverId', detail: 'is not an MCP server of this workspace' }]);
    });

    it('are nothing that editors see or make, and those of a workspace are not there for another', async () => {
      const id = await grant({ pattern: '*' });
      expect((await as(ben, 'GET', '/tools/grants')).status).toBe(403);
      expect((await as(ben, 'POST', '/tools/grants', { ...EVERYBODY, pattern: '*' })).status).toBe(403);
      for (const method of ['GET', 'DELETE'])
        expect((await chatter.call(method, `/tools/grants/${id}`, { as: eve })).status).toBe(404);
    });

    it('of a member go when the member goes', async () => {
      const { body } = await chatter.call('POST', '/workspaces', { as: anna, body: { name: 'Short' } });
      const inShort = { 'X-Workspace-Id': body.id as string };
      const members = `/workspaces/${body.id as string}/members`;
      await chatter.call('POST', members, { as: anna, body: { email: ben.user.email, role: 'viewer' } });
      const wanted = { userId: ben.user.id, pattern: '*', level: 'admin' };
      expect((await chatter.call('POST', '/tools/grants', { as: anna, body: wanted, headers: inShort })).status).toBe(
        201,
      );
      await chatter.call('DELETE', `${members}/${ben.user.id}`, { as: anna });
      expect((await chatter.call('GET', '/tools/grants', { as: anna, headers: inShort })).body.items).toEqual([]);
    });
  });

  describe('the list', () => {
    it('tells of each tool whether the caller may call it, and why', async () => {
      await grant({ tool: 'test_any' });
      const first = await as(ben, 'GET', '/tools?limit=1');
      expect(first.body.nextCursor).toEqual(expect.any(String));
      const { items } = (await as(ben, 'GET', '/tools?limit=100')).body;
      const of = (name: string) => items.find((tool: { name: string }) => tool.name === name);
      expect(of('test_echo')).toMatchObject({
        source: { kind: 'builtin' },
        risk: 'low',
        effect: 'read',
        enabled: true,
        permission: { level: 'read', allowed: true, needsApproval: false },
      });
      expect(of('test_any').permission).toMatchObject({ level: 'execute', allowed: true });
      expect(of('test_delete')).toMatchObject({ risk: 'high', permission: { level: 'none', allowed: false } });
    });
  });

  describe('an access check', () => {
    const check = (user: SignedIn, body: object) => as(user, 'POST', '/tools/access-check', body);

    it('answers for the caller, for others only to admins, and consumes nothing', async () => {
      await grant({ tool: 'test_any', quota: { perHour: 1 } });
      for (let times = 0; times < 3; times++)
        expect((await check(ben, { tool: 'test_any' })).body).toMatchObject({ allowed: true, needsApproval: false });
      expect((await invoke(ben, 'test_any')).status).toBe(200);
      expect((await check(ben, { tool: 'test_any' })).body).toMatchObject({
        allowed: false,
        reason: expect.stringContaining('quota'),
      });
      expect((await check(ben, { tool: 'test_any', userId: anna.user.id })).status).toBe(403);
      expect((await check(anna, { tool: 'test_any', userId: ben.user.id })).status).toBe(200);
      expect((await check(anna, { tool: 'test_any', userId: eve.user.id })).status).toBe(422);
      expect(slugOf(await check(anna, { tool: '__proto__' }))).toEqual([404, 'tool-unknown']);
    });

    it('judges arguments', async () => {
      expect((await check(ben, { tool: 'test_echo', arguments: { text: 1 } })).body.allowed).toBe(false);
      expect((await check(ben, { tool: 'test_echo', arguments: { text: 'Hi' } })).body.allowed).toBe(true);
    });
  });

  describe('a call', () => {
    it('answers what the tool answers, and what its failure is', async () => {
      expect(await invoke(ben, 'test_echo', { text: 'Hi' })).toMatchObject({
        status: 200,
        body: { callId: expect.any(String), status: 'ok', result: { echo: 'Hi' }, durationMs: expect.any(Number) },
      });
      await grant({ tool: 'test_any' });
      any().act = () => Promise.reject(new Error('secret'));
      const failed = await invoke(ben, 'test_any');
      expect(failed).toMatchObject({
        status: 200,
        body: { status: 'error', problem: { type: '/problems/tool-failed' } },
      });
      expect(JSON.stringify(failed.body)).not.toContain('secret');
    });

    it('is refused for what is wrong with it, and the denial is audited', async () => {
      expect(slugOf(await invoke(ben, 'nothing'))).toEqual([404, 'tool-unknown']);
      expect(slugOf(await invoke(ben, 'constructor'))).toEqual([404, 'tool-unknown']);
      expect(slugOf(await invoke(ben, 'test_echo', { txt: 'Hi' }))).toEqual([422, 'tool-arguments-invalid']);
      const before = (await audited('tool.denied')).length;
      expect(slugOf(await invoke(ben, 'test_any'))).toEqual([403, 'tool-denied']);
      expect((await audited('tool.denied')).slice(before)).toEqual([{ subject: 'tool:test_any' }]);
    });

    it('is refused while the tool is switched off', async () => {
      expect((await as(ben, 'PATCH', '/tools/test_echo', { enabled: false })).status).toBe(403);
      expect((await as(anna, 'PATCH', '/tools/test_echo', { enabled: false })).body.enabled).toBe(false);
      expect(slugOf(await invoke(ben, 'test_echo', { text: 'Hi' }))).toEqual([409, 'tool-disabled']);
      await as(anna, 'PATCH', '/tools/test_echo', { enabled: true });
      expect((await invoke(ben, 'test_echo', { text: 'Hi' })).status).toBe(200);
    });

    it('is let through exactly as often as the quota says, also at the same time', async () => {
      await grant({ tool: 'test_any', quota: { perHour: 5, perDay: 100 } });
      const answers = await Promise.all(Array.from({ length: 20 }, () => invoke(ben, 'test_any')));
      expect(answers.filter(({ status }) => status === 200)).toHaveLength(5);
      const refused = answers.filter(({ status }) => status === 429);
      expect(refused).toHaveLength(15);
      expect(slugOf(refused[0]!)).toEqual([429, 'tool-quota-exceeded']);
      expect(Number(refused[0]!.headers.get('retry-after'))).toBeGreaterThan(0);
    });

    it('of a grant that has expired is denied', async () => {
      const id = await grant({ tool: 'test_any', expiresAt: '2099-01-01T00:00:00.000Z' });
      await as(anna, 'PATCH', `/tools/grants/${id}`, { expiresAt: '2020-01-01T00:00:00.000Z' });
      expect(slugOf(await invoke(ben, 'test_any'))).toEqual([403, 'tool-denied']);
    });

    it('with an Idempotency-Key is made once', async () => {
      await grant({ tool: 'test_any' });
      let calls = 0;
      any().act = () => (calls += 1);
      const key = { 'Idempotency-Key': newId() };
      const [first, second] = [await invoke(ben, 'test_any', {}, key), await invoke(ben, 'test_any', {}, key)];
      expect(second!.body).toEqual(first!.body);
      expect(calls).toBe(1);
      expect((await invoke(ben, 'test_any', { input: 'other' }, key)).status).toBe(422);
    });

    it('is in the ledger before the tool is called', async () => {
      await grant({ tool: 'test_any' });
      any().act = async (_, { callId }) =>
        (await sql.query('SELECT status, dispatches FROM tool_call WHERE call_id = $1', [callId])).rows;
      expect((await invoke(ben, 'test_any')).body.result).toEqual([{ status: 'dispatched', dispatches: 1 }]);
    });
  });

  describe('a call that nobody comes back to', () => {
    const statusOf = async (what: 'run_id' | 'tool', value: string) =>
      (await sql.query<{ status: string }>(`SELECT status FROM tool_call WHERE ${what} = $1`, [value])).rows;
    const stalled = async (): Promise<never> => new Promise(() => undefined);

    it('is in doubt when its caller has left', async () => {
      await grant({ tool: 'test_any' });
      const leave = new AbortController();
      any().act = () => {
        leave.abort();
        return stalled();
      };
      await sql.query(`DELETE FROM tool_call WHERE tool = 'test_any'`);
      const asked = fetch(`${chatter.url}/api/v1/tools/test_any/invoke`, {
        method: 'POST',
        headers: { ...ben.headers, 'X-Workspace-Id': workspace, 'Content-Type': 'application/json' },
        body: JSON.stringify({ arguments: {} }),
        signal: leave.signal,
      });
      await expect(asked).rejects.toThrow();
      await eventually(async () => (await statusOf('tool', 'test_any'))[0]?.status === 'in_doubt');
    });

    it('ends with its run: one that waits for a person is not made', async () => {
      await grant({ tool: 'test_delete' });
      const definition = graph([node('delete', 'tool', { tool: 'test_delete', arguments: { id: 'c' } })]);
      const { run } = (await as(ben, 'POST', '/runs', { definition })).body;
      expect([run.status, await statusOf('run_id', run.id)]).toEqual(['waiting', [{ status: 'awaiting_approval' }]]);
      expect((await as(ben, 'POST', `/runs/${run.id}/cancel`)).body.status).toBe('cancelled');
      expect(await statusOf('run_id', run.id)).toEqual([{ status: 'denied' }]);
    });

    it('ends with its run: one of a branch that was not waited for is in doubt', async () => {
      await grant({ tool: 'test_any' });
      const isCalled = Promise.withResolvers<void>();
      any().act = () => {
        isCalled.resolve();
        return stalled();
      };
      const echo = chatter.app.get(EchoTool, { strict: false });
      const call = echo.call.bind(echo);
      echo.call = (...given) => isCalled.promise.then(() => call(...given));
      const definition = graph(
        [
          node('split', 'set', { values: { a: 1 } }),
          node('slow', 'tool', { tool: 'test_any' }),
          node('fast', 'tool', { tool: 'test_echo', arguments: { text: 'Hi' } }),
          node('join', 'join', { wait: 'any' }),
        ],
        ['split > slow > join', 'split > fast > join'],
      );
      const { run } = (await as(ben, 'POST', '/runs', { definition })).body;
      echo.call = call;
      expect(run.status).toBe('succeeded');
      expect(await statusOf('run_id', run.id)).toEqual(
        expect.arrayContaining([{ status: 'in_doubt' }, { status: 'ok' }]),
      );
    });
  });

  describe('a call that a person must approve', () => {
    const asked = async (id = 'a', headers = {}) => {
      const { status, body } = await invoke(ben, 'test_delete', { id }, headers);
      expect([status, body.status]).toEqual([202, 'awaiting_approval']);
      return body.approval as { id: string; runId: string };
    };
    beforeEach(async () => {
      await grant({ tool: 'test_delete' });
    });

    it('waits as a run, and is made once by one of 50 decisions', async () => {
      const approval = await asked();
      expect(approval).toMatchObject({ kind: 'tool', tool: 'test_delete', arguments: { id: 'a' }, risk: 'high' });
      const answers = await Promise.all(
        Array.from({ length: 50 }, () => decide(ben, approval.id, { decision: 'approve' })),
      );
      expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
      expect(answers.filter(({ status }) => status === 409)).toHaveLength(49);
      expect(await ended(approval.runId)).toMatchObject({ status: 'succeeded', output: { result: { deleted: 'a' } } });
      expect(deletions().deleted).toEqual(['a']);
    });

    it('with an Idempotency-Key asks once, and answers what came of it', async () => {
      const key = { 'Idempotency-Key': newId() };
      const approval = await asked('k', key);
      expect((await asked('k', key)).id).toBe(approval.id);
      await decide(ben, approval.id, { decision: 'approve' });
      await ended(approval.runId);
      expect(await invoke(ben, 'test_delete', { id: 'k' }, key)).toMatchObject({
        status: 200,
        body: { status: 'ok', result: { deleted: 'k' } },
      });
      expect(deletions().deleted).toEqual(['k']);
    });

    it('is not made when it is denied', async () => {
      const approval = await asked();
      await decide(ben, approval.id, { decision: 'deny', reason: 'No' });
      expect(await ended(approval.runId)).toMatchObject({
        status: 'failed',
        problem: { type: '/problems/tool-denied' },
      });
      expect(deletions().deleted).toEqual([]);
    });

    it('is made with edited arguments, if they fit', async () => {
      const approval = await asked();
      const edit = (args: object) => decide(ben, approval.id, { decision: 'edit', arguments: args });
      expect(slugOf(await edit({ id: 1 }))).toEqual([422, 'tool-arguments-invalid']);
      expect((await edit({ id: 'b' })).status).toBe(200);
      await ended(approval.runId);
      expect(deletions().deleted).toEqual(['b']);
    });

    it.each<[string, (approval: { readonly id: string }) => Promise<unknown>]>([
      ['the grant was taken back', () => sql.query('DELETE FROM tool_grant')],
      ['the tool was switched off', () => as(anna, 'PATCH', '/tools/test_delete', { enabled: false })],
      [
        'the approval is of other arguments',
        ({ id }) => sql.query(`UPDATE approval SET arguments_hash = 'x' WHERE id = $1`, [id]),
      ],
    ])('is not made when %s meanwhile', async (_, change) => {
      const approval = await asked();
      await change(approval);
      expect((await decide(anna, approval.id, { decision: 'approve' })).status).toBe(200);
      expect(await ended(approval.runId)).toMatchObject({ status: 'failed' });
      expect(deletions().deleted).toEqual([]);
    });

    it('expires', async () => {
      const approval = await asked();
      await sql.query(`UPDATE approval SET expires_at = now() - interval '1 s' WHERE id = $1`, [approval.id]);
      expect((await decide(ben, approval.id, { decision: 'approve' })).status).toBe(409);
    });
  });

  describe('an agent', () => {
    const agent = (tools: unknown) =>
      graph([node('agent', 'agent', { prompt: '{{input.message}}', tools })], [], { output: { text: '{{text}}' } });
    const run = async (message: string, tools: unknown) =>
      (await as(ben, 'POST', '/runs', { definition: agent(tools), input: { message } })).body;

    it('is not told of a tool that its user may not call, and goes on', async () => {
      const { run: ran } = await run('Use test_any', ['test_any', 'test_echo']);
      expect(ran.status).toBe('succeeded');
      expect(await eventsOf(ran.id, 'tool_call')).toEqual([]);
    });

    it('waits for a person, and goes on with a refusal when that person denies', async () => {
      await grant({ tool: 'test_delete' });
      const { run: waiting, approvals } = await run('Use test_delete {"id":"z"}', ['test_delete']);
      expect([waiting.status, approvals[0].tool]).toEqual(['waiting', 'test_delete']);
      await decide(ben, approvals[0].id, { decision: 'deny' });
      expect(await ended(waiting.id)).toMatchObject({ status: 'succeeded' });
      expect(await eventsOf(waiting.id, 'tool_result')).toMatchObject([{ status: 'denied' }]);
      expect(await eventsOf(waiting.id, 'tool_call')).toHaveLength(1);
      expect(deletions().deleted).toEqual([]);
    });

    it('in a chat that waits is answered with 202 and the approvals', async () => {
      await grant({ tool: 'test_delete' });
      const chat = await as(ben, 'POST', '/chat', {
        workflow: 'tools',
        message: 'Use test_delete {"id":"q"}',
        tools: ['test_delete'],
      });
      expect(chat).toMatchObject({ status: 202, body: { run: { status: 'waiting' }, approvals: [{ kind: 'tool' }] } });
      await decide(ben, chat.body.approvals[0].id, { decision: 'approve' });
      await ended(chat.body.run.id);
      await sleep(0);
      expect(deletions().deleted).toEqual(['q']);
      const [usage, ...more] = await eventsOf(chat.body.run.id, 'tool_call');
      expect([usage.tool, more]).toEqual(['test_delete', []]);
    });
  });
});
