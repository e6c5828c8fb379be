import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import type { SignedIn } from './app.js';

/** How a client speaks: the handshake of 2025, or the protocol of 2026 that has none. */
export const ERAS = ['2025-11-25', '2026-07-28'] as const;
export type Era = (typeof ERAS)[number];

export interface Connected {
  readonly client: Client;
  readonly transport: StreamableHTTPClientTransport;
  [Symbol.asyncDispose](): Promise<void>;
}

/** A client of the official library, connected to the MCP server of `url`. */
export async function mcpClient(
  url: string,
  as: Pick<SignedIn, 'headers'>,
  era: Era,
  headers: Readonly<Record<string, string>> = {},
): Promise<Connected> {
  const transport = new StreamableHTTPClientTransport(new URL('/mcp', url), {
    requestInit: { headers: { ...as.headers, ...headers } },
  });
  const client = new Client(
    { name: 'test', version: '1' },
    { versionNegotiation: { mode: era === '2026-07-28' ? { pin: era } : 'legacy' } },
  );
  await client.connect(transport);
  return { client, transport, [Symbol.asyncDispose]: () => client.close() };
}

const META = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientInfo': { name: 'test', version: '1' },
  'io.modelcontextprotocol/clientCapabilities': {},
};

/** Headers and body of one message, as the era writes it, for a request by hand. */
export function messageOf(era: Era, method: string, params: Readonly<Record<string, unknown>> = {}, id: unknown = 1) {
  const headers = {
    'Content-Type': 'application/json',
    Accept: 'application/json, text/event-stream',
    'MCP-Protocol-Version': era,
    ...(era === '2026-07-28' && {
      'Mcp-Method': method,
      ...(typeof params.name === 'string' && { 'Mcp-Name': params.name }),
    }),
  };
  const body = { jsonrpc: '2.0', id, method, params: era === '2026-07-28' ? { ...params, _meta: META } : params };
  return { headers: headers as Record<string, string>, body };
}

/** The one JSON-RPC message in an answer, be it JSON or an event stream. */
export async function messageIn(response: Response): Promise<ReturnType<typeof JSON.parse>> {
  const text = await response.text();
  if (!response.headers.get('content-type')?.startsWith('text/event-stream')) return JSON.parse(text);
  const data = text.split('\n').findLast((line) => line.startsWith('data: '));
  return JSON.parse(data!.slice('data: '.length));
}
