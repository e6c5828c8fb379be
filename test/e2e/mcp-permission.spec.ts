import { ToolModule } from '../../src/tool/tool.module.js';
import { startApp, type SignedIn, type TestApp } from '../support/app.js';
import { eventually } from '../support/eventually.js';
import { ERAS, mcpClient, type Era } from '../support/mcp-clients.js';
import { graph, install, node } from '../support/stories.js';
import { AnyTool, DeleteTool, EchoTool } from '../support/test-tools.js';

interface Answered {
  readonly isError?: boolean;
  readonly content: readonly { readonly text: string }[];
  readonly structuredContent?: unknown;
  readonly _meta?: { readonly 'chatter/problem'?: Readonly<Record<string, unknown>> };
}

/** What a client is shown, and what a call comes to, is the caller's own rights at this moment. */
describe('permission over MCP', () => {
  let chatter: TestApp;
  let anna: SignedIn;
  let ben: SignedIn;
  let workspace: string;

  beforeAll(async () => {
    install(ToolModule, EchoTool, AnyTool, DeleteTool);
    chatter = await startApp({ SCRIPTED_TOKEN_MS: '0', RUN_SWEEP_MS: '200' });
    [anna, ben] = [await chatter.register(), await chatter.register()];
    workspace = anna.user.personalWorkspaceId;
    await chatter.call('POST', `/workspaces/${workspace}/members`, {
      as: anna,
      body: { email: ben.user.email, role: 'editor' },
    });
  });

  afterAll(() => chatter.close());

  const as = (user: SignedIn, method: string, path: string, body?: unknown) =>
    chatter.call(method, path, { as: user, body, headers: { 'X-Workspace-Id': workspace } });
  const grant = async (parts: object): Promise<string> => {
    const { status, body } = await as(anna, 'POST', '/tools/grants', { role: 'viewer', level: 'execute', ...parts });
    expect(status).toBe(201);
    return body.id as string;
  };
  const names = async (user: SignedIn, era: Era, workspaceId = workspace): Promise<readonly string[]> => {
    await using connected = await mcpClient(chatter.url, user, era, { 'X-Workspace-Id': workspaceId });
    return (await connected.client.listTools()).tools.map(({ name }) => name);
  };
  const call = async (user: SignedIn, era: Era, name: string, args: Record<string, unknown> = {}) => {
    await using connected = await mcpClient(chatter.url, user, era, { 'X-Workspace-Id': workspace });
    return (await connected.client.callTool({ name, arguments: args })) as Answered;
  };
  const problemOf = ({ isError, _meta }: Answered) => {
    expect(isError).toBe(true);
    return _meta?.['chatter/problem'];
  };

  describe.each(ERAS)('for a client of %s', (era) => {
    it('denies and does not list what is not granted, with the reason', async () => {
      expect(await names(ben, era)).not.toContain('test_any');
      const denied = await call(ben, era, 'test_any');
      expect(problemOf(denied)).toMatchObject({ type: '/problems/tool-denied', status: 403 });
      expect(denied.content[0]!.text).toMatch(/\w{4}/);
      const id = await grant({ tool: 'test_any' });
      expect(await names(ben, era)).toContain('test_any');
      expect((await call(ben, era, 'test_any')).isError).toBeFalsy();
      await as(anna, 'DELETE', `/tools/grants/${id}`);
      expect(problemOf(await call(ben, era, 'test_any'))).toMatchObject({ type: '/problems/tool-denied' });
    });

    it('denies and does not list what is switched off', async () => {
      await as(anna, 'PATCH', '/tools/test_echo', { enabled: false });
      expect(await names(ben, era)).not.toContain('test_echo');
      expect(problemOf(await call(ben, era, 'test_echo', { text: 'x' }))).toMatchObject({
        type: '/problems/tool-disabled',
      });
      await as(anna, 'PATCH', '/tools/test_echo', { enabled: true });
      expect(await names(ben, era)).toContain('test_echo');
    });

    it('counts against the quota, whoever asks by whichever way', async () => {
      const id = await grant({ tool: 'test_any', quota: { perHour: 2 } });
      await as(ben, 'POST', '/tools/test_any/invoke', { arguments: {} });
      expect((await call(ben, era, 'test_any')).isError).toBeFalsy();
      expect(problemOf(await call(ben, era, 'test_any'))).toMatchObject({ type: '/problems/tool-quota-exceeded' });
      await as(anna, 'DELETE', `/tools/grants/${id}`);
    });

    it('waits for a person: the answer names the approval, and the call is made once it is given', async () => {
      const deleted = chatter.app.get(DeleteTool, { strict: false }).deleted;
      deleted.length = 0;
      const id = await grant({ tool: 'test_delete' });
      const waiting = await call(ben, era, 'test_delete', { id: era });
      const problem = problemOf(waiting) as { approvalId: string; runId: string };
      expect(problem).toMatchObject({ approvalId: expect.any(String), runId: expect.any(String) });
      expect(waiting.content[0]!.text).toContain(`/api/v1/approvals/${problem.approvalId}/decision`);
      expect(waiting.content[0]!.text).toContain(`/api/v1/runs/${problem.runId}`);
      expect(deleted).toEqual([]);
      expect(
        (await as(anna, 'POST', `/approvals/${problem.approvalId}/decision`, { decision: 'approve' })).status,
      ).toBe(200);
      await eventually(() => deleted.length === 1);
      await as(anna, 'DELETE', `/tools/grants/${id}`);
    });

    it('offers the workflows that are published here, runs them, and shows them to no other workspace', async () => {
      const name = `greet-${era}`;
      const definition = graph([node('end', 'end', {})], [], { output: { greeting: 'Hello {{input.who}}' } });
      const { body } = await as(anna, 'POST', '/workflows', { name, definition });
      const tool = `workflow__${name}`;
      expect(await names(anna, era)).not.toContain(tool);
      await as(anna, 'POST', `/workflows/${body.id as string}/publish`, {});
      await grant({ pattern: 'workflow__*' });
      expect(await names(ben, era)).toContain(tool);
      const result = await call(ben, era, tool, { who: 'you' });
      expect(JSON.stringify(result.structuredContent ?? result.content)).toContain('Hello you');
      expect(await names(ben, era, ben.user.personalWorkspaceId)).not.toContain(tool);
      await using elsewhere = await mcpClient(chatter.url, ben, era);
      await expect(elsewhere.client.callTool({ name: tool, arguments: {} })).rejects.toMatchObject({ code: -32602 });
    });

    it('ends with the membership', async () => {
      const cara = await chatter.register();
      await as(anna, 'POST', `/workspaces/${workspace}/members`, { email: cara.user.email, role: 'viewer' });
      await using connected = await mcpClient(chatter.url, cara, era, { 'X-Workspace-Id': workspace });
      const { client } = connected;
      expect((await client.listTools()).tools.length).toBeGreaterThan(0);
      await as(anna, 'DELETE', `/workspaces/${workspace}/members/${cara.user.id}`);
      await eventually(() =>
        client.listTools().then(
          () => false,
          () => true,
        ),
      );
    });
  });
});
