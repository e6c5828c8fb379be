import { canary, type Canary } from '../../../test/support/canary.js';
import { egressClient, egressFetch, FakeNetwork } from '../../../test/support/egress.js';
import { HOSTILE_NAMES, refusedUrls } from '../../../test/support/refused-urls.js';
import { McpClientConfig } from './mcp-client.config.js';
import type { McpCredentials } from './mcp-credentials.js';
import { McpEndpoints } from './mcp-endpoints.js';
import { McpFetch } from './mcp-fetch.js';
import { httpTransport } from './http-transport.js';
import { ServerFile } from './server-file.js';

const config = new McpClientConfig({});

describe('an address of a server that may not be reached', () => {
  let unreached: Canary;
  beforeAll(async () => {
    unreached = await canary();
  });
  afterAll(() => unreached.stop());

  const credentials = { tokenFor: async () => undefined } as unknown as McpCredentials;
  const endpoints = new McpEndpoints(
    egressClient(new FakeNetwork(HOSTILE_NAMES)),
    credentials,
    new ServerFile(config, {}),
  );
  const { fetch } = new McpFetch(egressFetch(new FakeNetwork(HOSTILE_NAMES)), config);

  it('is refused when a server is registered or changed', async () => {
    for (const url of refusedUrls(unreached.port))
      await expect(endpoints.check('w', { url }, { url })).rejects.toMatchObject({ type: { slug: 'egress-refused' } });
  });

  it('is refused when a connection is made, and nothing is connected to', async () => {
    for (const url of refusedUrls(unreached.port)) {
      if (!URL.canParse(url)) continue;
      const transport = await httpTransport({ url, fetch });
      await transport.start();
      await expect(transport.send({ jsonrpc: '2.0', id: 1, method: 'ping' })).rejects.toThrow();
      await transport.close();
    }
    expect(unreached.connections).toBe(0);
  });
});
