import { ToolCatalogue } from '../../../src/tool/tool-catalogue.js';
import { startApp, type SignedIn, type TestApp } from '../../support/app.js';
import { everythingServer, type EverythingServer } from '../../support/everything-server.js';

describe('the reference server over Streamable HTTP', () => {
  let everything: EverythingServer;
  let app: TestApp;
  let admin: SignedIn;
  let id: string;

  beforeAll(async () => {
    everything = await everythingServer();
    app = await startApp({ EGRESS_ALLOW: everything.host, MCP_CONNECT_TIMEOUT_MS: '60000' });
    admin = await app.register();
  });
  afterAll(async () => {
    await app.close();
    await everything.stop();
  });

  const call = async (name: string, args: unknown) => {
    const workspaceId = admin.user.personalWorkspaceId;
    const tool = await app.app.get(ToolCatalogue).find(workspaceId, name);
    if (!tool) throw new Error(`No tool ${name}.`);
    return tool.call(await tool.parse(args), {
      workspaceId,
      userId: admin.user.id,
      callId: 'c',
      idempotencyKey: 'k',
      signal: AbortSignal.timeout(20_000),
    });
  };

  it('is registered with its tools, all of them approved', async () => {
    const { status, body, headers } = await app.call('POST', '/mcp/servers', {
      as: admin,
      body: { name: 'everything', url: everything.url },
    });
    expect({ status, body }).toMatchObject({
      status: 201,
      body: { name: 'everything', transport: 'http', status: 'ok', enabled: true, protocolVersion: '2025-11-25' },
    });
    id = body.id;
    expect(headers.get('location')).toBe(`/api/v1/mcp/servers/${id}`);
    expect(body.toolCount).toBeGreaterThan(8);
    expect(body.tools).toContainEqual(
      expect.objectContaining({ name: 'echo', offeredName: 'everything__echo', status: 'approved', risk: 'medium' }),
    );
  });

  it('answers calls with text, structures, images, links and resources', async () => {
    expect(await call('everything__echo', { message: 'hello' })).toEqual({ text: 'Echo: hello' });
    expect(await call('everything__get-sum', { a: 2, b: 3 })).toEqual({ text: 'The sum of 2 and 3 is 5.' });
    expect(await call('everything__get-structured-content', { location: 'New York' })).toEqual({
      temperature: expect.any(Number),
      conditions: expect.any(String),
      humidity: expect.any(Number),
    });
    expect(await call('everything__get-tiny-image', {})).toMatchObject({
      text: expect.any(String),
      attachments: [{ type: 'image', mimeType: 'image/png', data: expect.stringMatching(/^iVBOR/) }],
    });
    expect(await call('everything__get-resource-links', { count: 2 })).toMatchObject({
      attachments: [
        { type: 'link', uri: 'demo://resource/dynamic/blob/1' },
        { type: 'link', uri: 'demo://resource/dynamic/text/2' },
      ],
    });
  });

  it('checks arguments before it sends them', async () => {
    await expect(call('everything__echo', { message: 7 })).rejects.toMatchObject({
      type: { slug: 'tool-arguments-invalid' },
      extensions: { errors: [{ pointer: '/message', detail: expect.any(String) }] },
    });
  });

  it('shows how it is', async () => {
    expect((await app.call('GET', '/mcp/status', { as: admin })).body).toEqual({
      status: 'ok',
      servers: [
        {
          id,
          name: 'everything',
          transport: 'http',
          status: 'ok',
          tools: expect.any(Number),
          lastCheckAt: expect.any(String),
          latencyMs: expect.any(Number),
        },
      ],
      checkedAt: expect.any(String),
    });
  });
});
