import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

export type Era = '2025-11-25' | '2026-07-28';

export interface McpMessage {
  readonly id?: number | string;
  readonly method: string;
  readonly params?: Readonly<Record<string, unknown>>;
}

/** A request that a test answers byte by byte, or as the protocol has it. */
export interface McpExchange {
  readonly message: McpMessage;
  readonly headers: IncomingHttpHeaders;
  readonly response: ServerResponse;
  result(value: Readonly<Record<string, unknown>>): void;
  error(code: number, message: string): void;
  /** Any JSON at all, as the answer. */
  json(value: unknown, status?: number): void;
}

type Act = (exchange: McpExchange) => Promise<void> | void;

/** An MCP server over Streamable HTTP that behaves until it is told otherwise. */
export interface HostileMcpServer {
  readonly url: string;
  readonly host: string;
  /** What it lists. */
  tools: readonly Readonly<Record<string, unknown>>[];
  /** What was asked of it, in order. */
  readonly received: readonly (McpMessage & { readonly headers: IncomingHttpHeaders })[];
  /** Does `act` whenever the method is asked for; `*` stands for every method, and for every other request. */
  on(method: string, act: Act): void;
  /** Behaves again. */
  behave(): void;
  /** Tells everybody who listens that its tools have changed. */
  announce(): void;
  stop(): Promise<void>;
}

export const tool = (name: string, more: Readonly<Record<string, unknown>> = {}) => ({
  name,
  description: `Does ${name}.`,
  inputSchema: { type: 'object', properties: { text: { type: 'string' } } },
  ...more,
});

const CHANGED = { jsonrpc: '2.0', method: 'notifications/tools/list_changed' };

export async function hostileMcpServer(era: Era = '2025-11-25'): Promise<HostileMcpServer> {
  const received: (McpMessage & { headers: IncomingHttpHeaders })[] = [];
  const sockets = new Set<Socket>();
  const listeners = new Map<ServerResponse, number | string | undefined>();
  const acts = new Map<string, Act>();
  const complete = era === '2026-07-28' ? { resultType: 'complete', ttlMs: 0, cacheScope: 'private' } : {};

  const listen = (response: ServerResponse, id?: number | string): void => {
    response.writeHead(200, { 'Content-Type': 'text/event-stream' }).flushHeaders();
    listeners.set(response, id);
    response.once('close', () => listeners.delete(response));
    if (id !== undefined)
      push(response, {
        jsonrpc: '2.0',
        method: 'notifications/subscriptions/acknowledged',
        params: { notifications: { toolsListChanged: true }, _meta: { [SUBSCRIPTION]: id } },
      });
  };

  const behaviour: Readonly<Record<string, Act>> = {
    initialize: ({ result }) =>
      result({ protocolVersion: era, capabilities: CAPABILITIES, serverInfo: { name: 'hostile', version: '1' } }),
    'server/discover': ({ result, error }) =>
      era === '2026-07-28'
        ? result({
            supportedVersions: [era],
            capabilities: CAPABILITIES,
            _meta: { [SERVER]: { name: 'hostile', version: '1' } },
          })
        : error(-32_601, 'Method not found'),
    'subscriptions/listen': ({ response, message }) => listen(response, message.id),
    ping: ({ result }) => result({}),
    'tools/list': ({ result }) => result({ tools: server.tools }),
    'tools/call': ({ result, message }) =>
      result({ content: [{ type: 'text', text: JSON.stringify(message.params?.arguments ?? null) }] }),
  };

  const http = createServer((request, response) => {
    void (async () => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const text = Buffer.concat(chunks).toString();
      const message = (text === '' ? { method: request.method } : JSON.parse(text)) as McpMessage;
      received.push({ ...message, headers: request.headers });
      const json = (value: unknown, status = 200): void =>
        void response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(value));
      const exchange: McpExchange = {
        message,
        headers: request.headers,
        response,
        json,
        result: (value) => json({ jsonrpc: '2.0', id: message.id, result: { ...complete, ...value } }),
        error: (code, text_) => json({ jsonrpc: '2.0', id: message.id, error: { code, message: text_ } }),
      };
      const act = acts.get(message.method) ?? acts.get('*') ?? behaviour[message.method];
      if (act) return act(exchange);
      if (request.method === 'GET') return listen(response);
      if (message.id !== undefined) return exchange.error(-32_601, 'Method not found');
      return void response.writeHead(202).end();
    })();
  });
  http.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  const host = `127.0.0.1:${(http.address() as AddressInfo).port}`;

  const server: HostileMcpServer = {
    url: `http://${host}/mcp`,
    host,
    tools: [tool('alpha'), tool('beta')],
    received,
    on: (method, act) => void acts.set(method, act),
    behave: () => acts.clear(),
    announce: () => {
      for (const [response, id] of listeners)
        push(response, id === undefined ? CHANGED : { ...CHANGED, params: { _meta: { [SUBSCRIPTION]: id } } });
    },
    stop: async () => {
      for (const socket of sockets) socket.destroy();
      http.close();
      await once(http, 'close');
    },
  };
  return server;
}

const CAPABILITIES = { tools: { listChanged: true } };
const SUBSCRIPTION = 'io.modelcontextprotocol/subscriptionId';
const SERVER = 'io.modelcontextprotocol/serverInfo';

const push = (response: ServerResponse, message: unknown): void =>
  void response.write(`event: message\ndata: ${JSON.stringify(message)}\n\n`);
