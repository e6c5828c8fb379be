import { Injectable } from '@nestjs/common';
import type { Client, jsonSchemaValidator, Transport } from '@modelcontextprotocol/client';
import { Clock } from '../../platform/clock/clock.js';
import { withFloodGuard } from './flood-guard.js';
import { httpTransport } from './http-transport.js';
import { McpClientConfig } from './mcp-client.config.js';
import { McpCredentials } from './mcp-credentials.js';
import { McpFetch } from './mcp-fetch.js';
import type { McpServer } from './mcp-server.js';
import { mcpServerUnavailable } from './mcp.errors.js';
import { ServerFile } from './server-file.js';
import { stdioTransport } from './stdio-transport.js';

/** An open connection to a server. */
export interface McpSession {
  readonly client: Client;
  readonly protocolVersion: string | undefined;
  close(): Promise<void>;
}

export interface SessionEvents {
  /** The connection is gone, whoever ended it. */
  readonly onClose: () => void;
  /** The server says that it has other tools now. */
  readonly onListChanged: () => void;
}

const CLIENT = { name: 'chatter', title: 'Chatter', version: '1' };
const GOODBYE_MS = 2_000;

/**
 * Reaches a server in whichever protocol it speaks. No capability is declared: what a server asks of its client
 * (sampling, elicitation, roots) is refused.
 */
@Injectable()
export class McpConnector {
  constructor(
    private readonly config: McpClientConfig,
    private readonly file: ServerFile,
    private readonly fetches: McpFetch,
    private readonly credentials: McpCredentials,
    private readonly clock: Clock,
  ) {}

  /** @throws whatever keeps the connection from being made, within MCP_CONNECT_TIMEOUT_MS */
  async open(server: McpServer, { onClose, onListChanged }: SessionEvents): Promise<McpSession> {
    const { Client } = await import('@modelcontextprotocol/client');
    const { connectTimeoutMs: timeout } = this.config;
    const signal = AbortSignal.timeout(timeout);
    const transport = withFloodGuard(await this.transportOf(server), () => this.clock.millis());
    const client = new Client(CLIENT, {
      capabilities: {},
      versionNegotiation: { mode: 'auto', probe: { timeoutMs: probeTime(server, timeout) } },
      inputRequired: { autoFulfill: false },
      jsonSchemaValidator: UNCHECKED,
      listChanged: { tools: { autoRefresh: false, debounceMs: LIST_CHANGED_PAUSE_MS, onChanged: onListChanged } },
    });
    try {
      await client.connect(transport, { timeout, signal });
    } catch (error) {
      await client.close().catch(() => undefined);
      throw error;
    }
    // oxlint-disable-next-line unicorn/prefer-add-event-listener -- a client of MCP is no event target
    client.onclose = onClose;
    return {
      client,
      protocolVersion: client.getNegotiatedProtocolVersion(),
      close: () => farewell(client, transport),
    };
  }

  private async transportOf(server: McpServer): Promise<Transport> {
    if (server.url !== undefined) {
      const token = await this.credentials.tokenFor(server, server.url);
      return httpTransport({ url: server.url, token, fetch: this.fetches.fetch });
    }
    const declared = this.file.find(server.workspaceId, server.name);
    if (!declared) throw mcpServerUnavailable(`The operator's file names no MCP server "${server.name}" any more.`);
    return stdioTransport(declared, this.config.maxResponseBytes);
  }
}

/**
 * How long the question for the newer protocol may take. A process that is silent speaks the older one; a server over
 * HTTP that is silent is down.
 */
const probeTime = ({ transport }: McpServer, timeoutMs: number): number =>
  transport === 'http' ? timeoutMs : Math.min(PROBE_MS, timeoutMs / 2);

const PROBE_MS = 3_000;
const LIST_CHANGED_PAUSE_MS = 1_000;

/** Results are checked where they are read, by a validator that runs no stranger's pattern. */
const UNCHECKED: jsonSchemaValidator = {
  getValidator: () => (input) => ({ valid: true, data: input as never, errorMessage: undefined }),
};

/** Ends the session on the server too, where there is one, and does not wait long for that. */
async function farewell(client: Client, transport: Transport): Promise<void> {
  // oxlint-disable-next-line unicorn/prefer-add-event-listener -- a client of MCP is no event target
  client.onclose = undefined;
  if ('terminateSession' in transport && typeof transport.terminateSession === 'function') {
    const ended = Promise.resolve(transport.terminateSession()).catch(() => undefined);
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise((resolve) => (timer = setTimeout(resolve, GOODBYE_MS)));
    await Promise.race([ended, late]);
    clearTimeout(timer);
  }
  await client.close().catch(() => undefined);
}
