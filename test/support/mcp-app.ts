import { ToolCatalogue } from '../../src/tool/tool-catalogue.js';
import type { OfferedTool } from '../../src/tool/tool-source.js';
import { startApp, type Answer, type SignedIn, type TestApp } from './app.js';

/** An application, and an administrator who registers MCP servers in it. */
export interface McpApp extends TestApp {
  readonly admin: SignedIn;
  /** As the administrator. */
  ask(method: string, path: string, body?: unknown): Promise<Answer>;
  /** Registers a server under a name of its own. */
  addServer(url: string, more?: { readonly name?: string; readonly secretId?: string }): Promise<Answer['body']>;
  /** The tool as the catalogue of the administrator's workspace has it. */
  tool(name: string): Promise<OfferedTool | undefined>;
  /** Calls it without a gate. */
  callTool(name: string, args: unknown, signal?: AbortSignal): Promise<unknown>;
}

/** Loopback is allowed at 127.0.0.1 only; servers are looked at when they are asked to be. */
export async function mcpApp(overrides: Readonly<Record<string, string>> = {}): Promise<McpApp> {
  const app = await startApp({
    EGRESS_ALLOW: '127.0.0.1',
    MCP_CONNECT_TIMEOUT_MS: '6000',
    MCP_MAX_RESPONSE_BYTES: '65536',
    MCP_CHECK_INTERVAL_MS: '3600000',
    ...overrides,
  });
  const admin = await app.register();
  const workspaceId = admin.user.personalWorkspaceId;
  const ask: McpApp['ask'] = (method, path, body) => app.call(method, path, { as: admin, body });
  const tool: McpApp['tool'] = (name) => app.app.get(ToolCatalogue).find(workspaceId, name);
  let registered = 0;
  return {
    ...app,
    admin,
    ask,
    tool,
    addServer: async (url, more = {}) => {
      const { status, body } = await ask('POST', '/mcp/servers', { name: `server${++registered}`, url, ...more });
      if (status !== 201) throw new Error(`Registration answered ${status}: ${JSON.stringify(body)}`);
      return body;
    },
    callTool: async (name, args, signal = AbortSignal.timeout(60_000)) => {
      const found = await tool(name);
      if (!found) throw new Error(`No tool ${name}.`);
      if (found.unavailable !== undefined) throw new Error(found.unavailable);
      const context = { workspaceId, userId: admin.user.id, callId: 'c', idempotencyKey: 'key-1', signal };
      return found.call(await found.parse(args), context);
    },
  };
}
