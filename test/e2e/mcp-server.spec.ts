import { Client as OldClient } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as OldTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { ToolModule } from '../../src/tool/tool.module.js';
import { startApp, type SignedIn, type TestApp } from '../support/app.js';
import { eventually } from '../support/eventually.js';
import { ERAS, mcpClient, messageIn, messageOf } from '../support/mcp-clients.js';
import { install } from '../support/stories.js';
import { AnyTool, EchoTool } from '../support/test-tools.js';

describe('the MCP server', () => {
  let chatter: TestApp;
  let anna: SignedIn;
  let any: AnyTool;

  beforeAll(async () => {
    install(ToolModule, EchoTool, AnyTool);
    chatter = await startApp({ MCP_CALLS_PER_USER: '4' });
    any = chatter.app.get(AnyTool, { strict: false });
    anna = await member();
  });

  afterAll(() => chatter.close());

  /** With the right to call the tools here. */
  async function member(): Promise<SignedIn> {
    const user = await chatter.register();
    await chatter.call('POST', '/tools/grants', {
      as: user,
      body: { role: 'viewer', pattern: 'test_*', level: 'execute' },
    });
    return user;
  }

  describe.each(ERAS)('to a client of %s', (era) => {
    it('says who it is and what it can', async () => {
      await using connected = await mcpClient(chatter.url, anna, era);
      const { client } = connected;
      expect(client.getServerVersion()).toMatchObject({ name: 'chatter', title: 'Chatter' });
      expect(client.getServerCapabilities()).toMatchObject({ tools: {} });
      expect(client.getInstructions()).toContain('Chatter workspace');
    });

    it('lists tools with their schema and what a call may do', async () => {
      await using connected = await mcpClient(chatter.url, anna, era);
      const { tools } = await connected.client.listTools();
      expect(tools.find(({ name }) => name === 'test_echo')).toEqual({
        name: 'test_echo',
        title: 'Echo',
        description: 'Repeats a text.',
        inputSchema: {
          type: 'object',
          properties: { text: { type: 'string', maxLength: 1_000, description: 'Any text.' } },
          required: ['text'],
          additionalProperties: false,
        },
        annotations: {
          title: 'Echo',
          readOnlyHint: true,
          idempotentHint: true,
          destructiveHint: false,
          openWorldHint: false,
        },
      });
    });

    it('calls a tool and answers text and data', async () => {
      await using connected = await mcpClient(chatter.url, anna, era);
      const result = await connected.client.callTool({ name: 'test_echo', arguments: { text: 'Grüße' } });
      expect(result).toMatchObject({
        content: [{ type: 'text', text: '{"echo":"Grüße"}' }],
        structuredContent: { echo: 'Grüße' },
      });
      expect(result.isError).toBeFalsy();
    });

    it('answers faulty arguments as a result the model can mend', async () => {
      await using connected = await mcpClient(chatter.url, anna, era);
      const result = await connected.client.callTool({ name: 'test_echo', arguments: { text: 7 } });
      expect(result).toMatchObject({
        isError: true,
        content: [{ type: 'text', text: expect.stringContaining('/text') }],
        _meta: { 'chatter/problem': { type: '/problems/tool-arguments-invalid', errors: [{ pointer: '/text' }] } },
      });
    });

    it.each(['missing', 'constructor', '__proto__', 'toString'])('knows no tool %s', async (name) => {
      await using connected = await mcpClient(chatter.url, anna, era);
      await expect(connected.client.callTool({ name, arguments: {} })).rejects.toMatchObject({ code: -32602 });
    });
  });

  it('answers both eras alike', async () => {
    const answers = await Promise.all(
      ERAS.map(async (era) => {
        await using connected = await mcpClient(chatter.url, anna, era);
        const { tools } = await connected.client.listTools();
        const { content, structuredContent } = await connected.client.callTool({
          name: 'test_echo',
          arguments: { text: 'x' },
        });
        return { tools, content, structuredContent };
      }),
    );
    expect(answers[0]).toEqual(answers[1]);
  });

  it('serves the client of the library before this one', async () => {
    const client = new OldClient({ name: 'old', version: '1' });
    await client.connect(new OldTransport(new URL(`${chatter.url}/mcp`), { requestInit: { headers: anna.headers } }));
    await client.ping();
    expect((await client.listTools()).tools.map(({ name }) => name)).toContain('test_echo');
    const result = await client.callTool({ name: 'test_echo', arguments: { text: 'old' } });
    expect(result.structuredContent).toEqual({ echo: 'old' });
    await client.close();
  });

  it('takes an API key whose scope it is, and no other', async () => {
    const keyOf = async (scopes?: string[]) => {
      const { body } = await chatter.call('POST', '/auth/api-keys', { as: anna, body: { name: 'mcp', scopes } });
      return { headers: { Authorization: `Bearer ${body.key as string}` } };
    };
    await using connected = await mcpClient(chatter.url, await keyOf(['mcp:write']), '2026-07-28');
    expect((await connected.client.listTools()).tools.length).toBeGreaterThan(0);
    await expect(mcpClient(chatter.url, await keyOf(['runs:write']), '2025-11-25')).rejects.toThrow();
  });

  it('asks a client without credentials for them', async () => {
    for (const era of ERAS) {
      const { headers, body } = messageOf(era, 'tools/list');
      const answer = await fetch(`${chatter.url}/mcp`, { method: 'POST', headers, body: JSON.stringify(body) });
      expect(answer.status).toBe(401);
      expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer /);
      expect(answer.headers.get('content-type')).toContain('application/problem+json');
    }
  });

  it('keeps the callers of 60 calls at once apart', async () => {
    const bert = await member();
    any.act = async ({ input }, { userId, workspaceId }) => {
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 20));
      return { input, userId, workspaceId };
    };
    const calls = Array.from({ length: 60 }, async (_, index) => {
      const user = [anna, bert][index % 2]!;
      await using connected = await mcpClient(chatter.url, user, ERAS[(index >> 1) % 2]!);
      const input = `call ${index}`;
      const result = await eventually(
        async () => {
          const answer = await connected.client.callTool({ name: 'test_any', arguments: { input } });
          return answer.isError ? undefined : answer;
        },
        { withinMs: 40_000 },
      );
      expect(result.structuredContent).toEqual({
        input,
        userId: user.user.id,
        workspaceId: user.user.personalWorkspaceId,
      });
    });
    await Promise.all(calls);
  });

  describe('while a tool works', () => {
    let signals: AbortSignal[];

    beforeEach(() => {
      signals = [];
      any.act = (_, { signal }) => {
        signals.push(signal);
        return new Promise(() => undefined);
      };
    });

    it.each(ERAS)('ends the call when a client of %s leaves', async (era) => {
      const leave = new AbortController();
      const { headers, body } = messageOf(era, 'tools/call', { name: 'test_any', arguments: {} });
      const answer = fetch(`${chatter.url}/mcp`, {
        method: 'POST',
        headers: { ...headers, ...anna.headers },
        body: JSON.stringify(body),
        signal: leave.signal,
      }).then((response) => response.text());
      answer.catch(() => undefined);
      await eventually(() => signals.length === 1);
      leave.abort();
      await eventually(() => signals[0]!.aborted);
      await expect(answer).rejects.toThrow();
    });

    it.each(ERAS)('ends the call when a client of %s cancels it', async (era) => {
      await using connected = await mcpClient(chatter.url, anna, era);
      const cancel = new AbortController();
      const call = connected.client.callTool({ name: 'test_any', arguments: {} }, { signal: cancel.signal });
      call.catch(() => undefined);
      await eventually(() => signals.length === 1);
      cancel.abort(new Error('enough'));
      await eventually(() => signals[0]!.aborted);
      await expect(call).rejects.toThrow();
    });

    it('ends no call of another user or session by the same request id', async () => {
      const bert = await member();
      const leave = new AbortController();
      const { headers, body } = messageOf('2025-11-25', 'tools/call', { name: 'test_any', arguments: {} }, 7);
      const post = (user: SignedIn, session: string, sent: object, signal?: AbortSignal) =>
        fetch(`${chatter.url}/mcp`, {
          method: 'POST',
          headers: { ...headers, ...user.headers, 'Mcp-Session-Id': session },
          body: JSON.stringify(sent),
          signal,
        });
      post(anna, 'a', body, leave.signal)
        .then((response) => response.text())
        .catch(() => undefined);
      await eventually(() => signals.length === 1);
      const cancelled = { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 7 } };
      expect((await post(bert, 'a', cancelled)).status).toBe(202);
      expect((await post(anna, 'b', cancelled)).status).toBe(202);
      expect((await post(anna, 'a', { ...cancelled, params: { requestId: '7' } })).status).toBe(202);
      expect(signals[0]!.aborted).toBe(false);
      expect((await post(anna, 'a', cancelled)).status).toBe(202);
      await eventually(() => signals[0]!.aborted);
      leave.abort();
    });

    it('lets a user have so many calls at once and no more, and frees their places', async () => {
      const bert = await member();
      const leave = new AbortController();
      const { headers, body } = messageOf('2026-07-28', 'tools/call', { name: 'test_any', arguments: {} });
      const call = (user: SignedIn) =>
        fetch(`${chatter.url}/mcp`, {
          method: 'POST',
          headers: { ...headers, ...user.headers },
          body: JSON.stringify(body),
          signal: leave.signal,
        });
      for (let index = 0; index < 4; index++) call(bert).catch(() => undefined);
      await eventually(() => signals.length === 4);
      const { result } = await messageIn(await call(bert));
      expect(result).toMatchObject({
        isError: true,
        content: [{ text: expect.stringContaining('Too many of your tool calls') }],
      });
      call(anna).catch(() => undefined);
      await eventually(() => signals.length === 5);
      leave.abort();
      await eventually(() => signals.every(({ aborted }) => aborted));
      any.act = () => ({ done: true });
      await using connected = await mcpClient(chatter.url, bert, '2026-07-28');
      expect((await connected.client.callTool({ name: 'test_any' })).structuredContent).toEqual({ done: true });
    });
  });

  it('shows nothing of an unexpected error', async () => {
    any.act = () => {
      throw new Error('password=hunter2');
    };
    for (const era of ERAS) {
      await using connected = await mcpClient(chatter.url, anna, era);
      const result = await connected.client.callTool({ name: 'test_any' });
      expect(result.isError).toBe(true);
      expect(JSON.stringify(result)).not.toContain('hunter2');
    }
  });
});
