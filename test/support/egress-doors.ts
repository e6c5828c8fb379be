import {
  discoverAuthorizationServerMetadata,
  discoverOAuthProtectedResourceMetadata,
} from '@modelcontextprotocol/client';
import { McpClientConfig } from '../../src/mcp/client/mcp-client.config.js';
import type { McpCredentials } from '../../src/mcp/client/mcp-credentials.js';
import { McpEndpoints } from '../../src/mcp/client/mcp-endpoints.js';
import { McpFetch } from '../../src/mcp/client/mcp-fetch.js';
import type { ServerFile } from '../../src/mcp/client/server-file.js';
import { EgressClient } from '../../src/security/egress/egress-client.js';
import { EgressConfig } from '../../src/security/egress/egress.config.js';
import { EgressConnector } from '../../src/security/egress/egress-connector.js';
import { EgressFetch } from '../../src/security/egress/egress-fetch.js';
import type { EgressNetwork } from '../../src/security/egress/egress-network.js';
import type { SecretStore } from '../../src/security/secret/secret-store.js';
import { HttpRequestTool } from '../../src/tool/builtin/http-request.tool.js';
import { declarationOf } from '../../src/tool/declared/declaration.js';
import { DeclaredCalls } from '../../src/tool/declared/declared-calls.js';
import { HttpNode } from '../../src/workflow/node/types/http.node.js';
import { WebhookDeliverer } from '../../src/workflow/webhook/webhook.deliverer.js';
import type { WebhookRepository } from '../../src/workflow/webhook/webhook.repository.js';
import { Webhooks } from '../../src/workflow/webhook/webhook.service.js';
import type { RunRepository } from '../../src/workflow/run/run.repository.js';
import type { WorkQueue } from '../../src/platform/queue/work-queue.js';
import { nodeContext } from './node-context.js';

/** The two forms of the guard, over one network. */
export interface Guard {
  readonly client: EgressClient;
  readonly fetch: EgressFetch;
}

/** Takes an address that a user or a foreign server chose. Rejects when it does not go there. */
export type Door = (guard: Guard, url: string) => Promise<unknown>;

export function guardOver(network: EgressNetwork, environment: Readonly<Record<string, string>> = {}): Guard {
  const connector = new EgressConnector(new EgressConfig(environment), network);
  return { client: new EgressClient(connector), fetch: new EgressFetch(connector) };
}

const { signal } = new AbortController();
const mcp = ({ fetch }: Guard) => new McpFetch(fetch, new McpClientConfig({})).fetch;
const endpoints = ({ client }: Guard) =>
  new McpEndpoints(
    client,
    { tokenFor: async () => undefined } as unknown as McpCredentials,
    { find: () => undefined } as unknown as ServerFile,
  );

/** Where requests go out. A new one is one line. */
export const SENDERS: Readonly<Record<string, Door>> = {
  'a request': ({ client }, url) => client.request({ url }),
  'a library’s fetch': ({ fetch }, url) => fetch.under()(url),
  'the node http': ({ client }, url) =>
    new HttpNode(client).execute(
      nodeContext({ config: { method: 'GET', url, timeoutMs: 30_000, output: 'response' } }) as never,
    ),
  'the tool httpRequest': ({ client }, url) =>
    new HttpRequestTool(client).call({ method: 'GET', url, headers: {}, body: undefined }, { signal } as never),
  'a tool of the operator': ({ client }, url) => declared(client, url),
  'a webhook': ({ client }, url) => delivered(client, url),
  'an MCP server': (guard, url) => mcp(guard)(url, { method: 'POST', body: '{}' }),
  'a stream of an MCP server': (guard, url) => mcp(guard)(url, { headers: { Accept: 'text/event-stream' } }),
  'the protected resource that an MCP server names': (guard, url) =>
    discoverOAuthProtectedResourceMetadata('https://mcp.example/', { resourceMetadataUrl: url }, mcp(guard)),
  'the authorization server that an MCP server names': (guard, url) =>
    discoverAuthorizationServerMetadata(url, { fetchFn: mcp(guard) }),
};

/** Where an address is judged when it is given. A new one is one line. */
export const CHECKS: Readonly<Record<string, Door>> = {
  'the check of an API': ({ client }, url) => client.check(url),
  'the webhook of a run': ({ client }, url) => new Webhooks({} as WebhookRepository, client).check(url),
  'the address of an MCP server': (guard, url) => endpoints(guard).check('w', { url }, { url }),
};

async function declared(client: EgressClient, url: string): Promise<unknown> {
  const tool = await declarationOf(JSON.stringify({ name: 'look', description: 'Looks.', url }));
  return new DeclaredCalls(client, {} as SecretStore, {}).call(tool, {}, { signal } as never);
}

/** The deliverer keeps its failures to itself: they are what it stores. */
async function delivered(client: EgressClient, url: string): Promise<void> {
  let fault: string | undefined;
  const repository: Partial<WebhookRepository> = {
    claim: async (id) => ({ id, workspaceId: 'w', runId: 'r', url, sealedSecret: Buffer.of(), attempt: 1 }),
    secretOf: () => 'whsec_c2VjcmV0IHNlY3JldCBzZWNyZXQ=',
    delivered: async () => undefined,
    postpone: async (_webhook, _pause, what) => {
      fault = what;
      return false;
    },
  };
  const runs = {
    find: async () => ({ status: 'succeeded', createdAt: new Date(), metadata: {} }),
  } as unknown as RunRepository;
  const deliverer = new WebhookDeliverer(repository as WebhookRepository, runs, client, {} as WorkQueue);
  await deliverer.handle('hook', signal);
  if (fault !== undefined) throw new Error(fault);
}
