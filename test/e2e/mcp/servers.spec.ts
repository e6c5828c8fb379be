import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { McpHealth } from '../../../src/mcp/client/mcp-health.js';
import { Database } from '../../../src/platform/database/database.js';
import { ToolCatalogue } from '../../../src/tool/tool-catalogue.js';
import { EVERYTHING } from '../../support/everything-server.js';
import { hostileMcpServer, tool, type HostileMcpServer } from '../../support/hostile-mcp-server.js';
import { mcpApp, type McpApp } from '../../support/mcp-app.js';

const directory = mkdtempSync(join(tmpdir(), 'mcp-servers-'));
const FILE = join(directory, 'servers.json');
writeFileSync(
  FILE,
  JSON.stringify({
    servers: [
      {
        name: 'local',
        command: process.execPath,
        args: [EVERYTHING, 'stdio'],
        env: ['MCP_TEST_SEEN'],
        workspaces: 'all',
      },
      { name: 'private', command: process.execPath, workspaces: ['019a1b2c-3d4e-7f50-8a6b-7c8d9e0f1a2b'] },
      { name: 'gone', command: '/nowhere/at/all', workspaces: 'all' },
    ],
  }),
);

describe('the MCP servers of a workspace', () => {
  let app: McpApp;
  let other: HostileMcpServer;

  beforeAll(async () => {
    other = await hostileMcpServer();
    app = await mcpApp({
      MCP_SERVERS_FILE: FILE,
      MCP_CONNECT_TIMEOUT_MS: '30000',
      MCP_TEST_SEEN: 'seen',
      MCP_TEST_UNSEEN: 'unseen',
    });
  });
  afterAll(async () => {
    await app.close();
    await other.stop();
    rmSync(directory, { recursive: true });
  });

  const byName = async (name: string) =>
    (await app.ask('GET', '/mcp/servers')).body.items.find((server: { name: string }) => server.name === name);

  describe('from the operator’s file', () => {
    it('are those that the workspace may use', async () => {
      const { body } = await app.ask('GET', '/mcp/servers');
      expect(body.items).toMatchObject([
        { name: 'gone', transport: 'stdio', enabled: true },
        { name: 'local', transport: 'stdio', enabled: true },
      ]);
      expect(body.items[0]).not.toHaveProperty('url');
    });

    it('are started, asked and called', async () => {
      const { id } = await byName('local');
      const { body } = await app.ask('POST', `/mcp/servers/${id}/refresh`);
      expect(body).toMatchObject({ status: 'ok', protocolVersion: '2025-11-25' });
      expect(await app.callTool('local__echo', { message: 'hello' })).toEqual({ text: 'Echo: hello' });
    });

    it('have an environment of what is named, and nothing else', async () => {
      const result = (await app.callTool('local__get-env', {})) as { readonly text: string };
      expect(JSON.parse(result.text)).toEqual({ MCP_TEST_SEEN: 'seen' });
    });

    it('say what is wrong when they cannot be started', async () => {
      const { id } = await byName('gone');
      const { body } = await app.ask('POST', `/mcp/servers/${id}/refresh`);
      expect(body).toMatchObject({ status: 'down', error: 'Its command is not there.' });
    });

    it('change in the file only, but can be switched off', async () => {
      const { id } = await byName('local');
      expect(await app.ask('PATCH', `/mcp/servers/${id}`, { url: other.url })).toMatchObject({ status: 409 });
      expect(await app.ask('DELETE', `/mcp/servers/${id}`)).toMatchObject({ status: 409 });
      const named = await app.ask('POST', '/mcp/servers', { name: 'local', url: other.url });
      expect(named).toMatchObject({ status: 409 });
      expect(await app.ask('POST', `/mcp/servers/${id}/disable`)).toMatchObject({ body: { status: 'disabled' } });
      expect((await app.tool('local__echo'))?.unavailable).toContain('disabled');
      expect(await app.ask('POST', `/mcp/servers/${id}/enable`)).toMatchObject({ body: { status: 'ok' } });
    });
  });

  describe('that administrators register', () => {
    it('have names of their own', async () => {
      await app.addServer(other.url, { name: 'taken' });
      expect(await app.ask('POST', '/mcp/servers', { name: 'taken', url: other.url })).toMatchObject({ status: 409 });
      for (const name of ['Taken', 'a_b', 'workflow', ''])
        expect(await app.ask('POST', '/mcp/servers', { name, url: other.url })).toMatchObject({ status: 422 });
    });

    it.each(['http://[::1]:1234/mcp', 'http://10.0.0.1/mcp', 'http://169.254.169.254/'])(
      'cannot be at %s, neither at first nor later',
      async (url) => {
        const refused = { status: 422, body: { type: '/problems/egress-refused', detail: expect.any(String) } };
        const created = await app.ask('POST', '/mcp/servers', { name: 'inner', url });
        expect(created).toMatchObject(refused);
        expect(created.body.detail).toContain(new URL(url).hostname);
        const { id } = await byName('taken');
        expect(await app.ask('PATCH', `/mcp/servers/${id}`, { url })).toMatchObject(refused);
      },
    );

    it('may be down, and say so', async () => {
      const gone = await hostileMcpServer();
      await gone.stop();
      const body = await app.addServer(gone.url);
      expect(body).toMatchObject({ status: 'down', toolCount: 0, tools: [], latencyMs: null });
      expect(body.error).not.toContain('/mcp');
      expect((await app.ask('GET', '/mcp/status')).body).toMatchObject({ status: 'degraded' });
      await app.ask('DELETE', `/mcp/servers/${body.id}`);
    });

    it('are registered and enabled with an Idempotency-Key as without, and answered again', async () => {
      const server = await hostileMcpServer();
      const post = (path: string, key: string, body?: object) =>
        app.call('POST', `/mcp/servers${path}`, { as: app.admin, body, headers: { 'Idempotency-Key': key } });
      const register = () => post('', 'register', { name: 'keyed', url: server.url });
      const created = await register();
      expect(created).toMatchObject({ status: 201, body: { status: 'ok', toolCount: 2 } });
      const location = `/api/v1/mcp/servers/${created.body.id}`;
      const again = await register();
      expect([again.status, again.body]).toEqual([201, created.body]);
      expect([created.headers.get('location'), again.headers.get('location')]).toEqual([location, location]);

      await app.ask('POST', `/mcp/servers/${created.body.id}/disable`);
      server.tools = [tool('alpha'), tool('beta'), tool('gamma')];
      const enable = () => post(`/${created.body.id}/enable`, 'enable');
      const enabled = await enable();
      expect(enabled).toMatchObject({ status: 200, body: { status: 'degraded', toolCount: 3 } });
      const asked = server.received.length;
      expect((await enable()).body).toEqual(enabled.body);
      expect(server.received).toHaveLength(asked);
      await app.ask('DELETE', `/mcp/servers/${created.body.id}`);
      await server.stop();
    });

    it('are renamed with their tools', async () => {
      const { id } = await app.addServer(other.url, { name: 'before' });
      expect(await app.tool('before__alpha')).toMatchObject({ source: { kind: 'mcp', id, name: 'before' } });
      await app.ask('PATCH', `/mcp/servers/${id}`, { name: 'after' });
      expect(await app.tool('before__alpha')).toBeUndefined();
      expect(await app.callTool('after__alpha', {})).toEqual({ text: '{}' });
      expect(await app.ask('DELETE', `/mcp/servers/${id}`)).toMatchObject({ status: 204 });
      expect(await app.tool('after__alpha')).toBeUndefined();
      expect(await app.ask('GET', `/mcp/servers/${id}`)).toMatchObject({ status: 404 });
    });

    it('keep their approvals when they move', async () => {
      const moved = await hostileMcpServer();
      moved.tools = [tool('alpha', { description: 'Not the same.' }), tool('beta')];
      const { id } = await app.addServer(other.url, { name: 'moving' });
      const { body } = await app.ask('PATCH', `/mcp/servers/${id}`, { url: moved.url });
      expect(body.tools).toMatchObject([
        { name: 'alpha', status: 'changed' },
        { name: 'beta', status: 'approved' },
      ]);
      await app.ask('DELETE', `/mcp/servers/${id}`);
      await moved.stop();
    });

    it('have the risk an administrator declares, as far as that goes', async () => {
      const server = await hostileMcpServer();
      server.tools = [
        tool('reads', { annotations: { readOnlyHint: true } }),
        tool('writes'),
        tool('destroys', { annotations: { destructiveHint: true } }),
      ];
      const { id } = await app.addServer(server.url, { name: 'risky' });
      for (const name of ['reads', 'writes', 'destroys'])
        await app.ask('POST', `/mcp/servers/${id}/tools/${name}/approve`, { risk: 'low' });
      const risks = ['reads', 'writes', 'destroys'].map(async (name) => {
        const { risk, effect } = (await app.tool(`risky__${name}`))!;
        return [risk, effect];
      });
      expect(await Promise.all(risks)).toEqual([
        ['low', 'read'],
        ['medium', 'once'],
        ['high', 'once'],
      ]);
      await app.ask('DELETE', `/mcp/servers/${id}`);
      await server.stop();
    });

    it('leave a trace of who did what', async () => {
      const { id } = await app.addServer(other.url, { name: 'traced' });
      await app.ask('POST', `/mcp/servers/${id}/tools/alpha/approve`, {});
      await app.ask('POST', `/mcp/servers/${id}/disable`);
      await app.ask('PATCH', `/mcp/servers/${id}`, { name: 'traced2' });
      await app.ask('DELETE', `/mcp/servers/${id}`);
      const rows = await app.app
        .get(Database)
        .query('SELECT action, actor_id, outcome FROM audit WHERE subject = $1 ORDER BY at', [`mcp-server:${id}`]);
      expect(rows.map(({ action }) => action)).toEqual([
        'mcp.server-created',
        'mcp.tool-approved',
        'mcp.server-disabled',
        'mcp.server-changed',
        'mcp.server-deleted',
      ]);
      expect(new Set(rows.map((row) => row['actor_id']))).toEqual(new Set([app.admin.user.id]));
    });

    it('are nobody else’s', async () => {
      const { id } = await byName('taken');
      const stranger = await app.register();
      const theirs = stranger.user.personalWorkspaceId;
      for (const [method, path] of [
        ['GET', ''],
        ['PATCH', ''],
        ['DELETE', ''],
        ['POST', '/refresh'],
        ['POST', '/enable'],
        ['POST', '/disable'],
        ['POST', '/tools/alpha/approve'],
      ] as const) {
        const body = method === 'PATCH' || path.includes('approve') ? {} : undefined;
        const { status } = await app.call(method, `/mcp/servers/${id}${path}`, { as: stranger, body });
        expect([method, path, status]).toEqual([method, path, 404]);
      }
      const catalogue = app.app.get(ToolCatalogue);
      expect(await catalogue.find(theirs, 'taken__alpha')).toBeUndefined();
      expect((await catalogue.all(theirs)).filter(({ source }) => source.id === id)).toEqual([]);
      const { body } = await app.call('GET', '/mcp/status', { as: stranger });
      expect(JSON.stringify(body)).not.toContain(id);
    });
  });

  it('are looked at from time to time, by one process at a time', async () => {
    const server = await hostileMcpServer();
    const { id } = await app.addServer(server.url, { name: 'watched' });
    const health = app.app.get(McpHealth);
    const asked = server.received.length;
    await health.look();
    expect(server.received.length).toBe(asked);
    await app.app.get(Database).query('UPDATE mcp_server SET claimed_at = NULL WHERE id = $1', [id]);
    await Promise.all([health.look(), health.look()]);
    expect(server.received.filter(({ method }) => method === 'tools/list')).toHaveLength(2);
    await app.ask('DELETE', `/mcp/servers/${id}`);
    await server.stop();
  });
});

describe('a workspace without MCP servers', () => {
  it('is fine', async () => {
    const app = await mcpApp();
    expect((await app.ask('GET', '/mcp/status')).body).toEqual({
      status: 'ok',
      servers: [],
      checkedAt: expect.any(String),
    });
    await app.close();
  });
});
