import { randomUUID } from 'node:crypto';
import {
  createMcpHandler,
  McpServer,
  ProtocolError,
  ProtocolErrorCode,
  type ServerContext,
} from '@modelcontextprotocol/server';
import { Injectable, Logger } from '@nestjs/common';
import type { Request as HttpRequest } from 'express';
import { clientGone } from '../../platform/http/client-gone.js';
import { plainDataFaults } from '../../platform/http/plain-data.js';
import type { Principal } from '../../platform/http/principal.js';
import { validationFailed } from '../../platform/problem/http.errors.js';
import { ToolGate } from '../../tool/tool-gate.js';
import { McpToolCallService } from './mcp-tool-call.service.js';
import { RunningCalls } from './running-calls.js';
import { toolPage } from './tool-page.js';
import { webRequest } from './web-request.js';

/** Clients of the last may also send many messages in one request, which only it knew; that is refused to all. */
const PROTOCOL_VERSIONS = ['2026-07-28', '2025-11-25', '2025-06-18', '2025-03-26'];

const SESSION_HEADER = 'Mcp-Session-Id';

const INSTRUCTIONS =
  'Tools and published workflows of a Chatter workspace, as far as the caller may use them. A result that is an error says what to do; one that names an approval waits for a person.';

/**
 * Answers one MCP request, of either era, with a server object of its own: nothing is kept between requests, so any
 * process answers. The session id that clients of 2025 get only names their calls, for cancelling one.
 */
@Injectable()
export class McpServerService {
  private readonly logger = new Logger('McpServer');

  constructor(
    private readonly gate: ToolGate,
    private readonly calls: McpToolCallService,
    private readonly running: RunningCalls,
  ) {}

  async answer(caller: Principal, request: HttpRequest): Promise<Response> {
    const body: unknown = request.body;
    if (Array.isArray(body)) return batchRefused();
    const faults = plainDataFaults(body);
    if (faults.length > 0) throw validationFailed(faults);

    const message = body as Message | undefined;
    const cancelled = new AbortController();
    const exchange = { caller, sessionId: request.get(SESSION_HEADER), cancelled };
    if (message?.method === 'notifications/cancelled') this.cancel(exchange, message.params?.requestId);
    const handler = createMcpHandler(() => this.serverOf(exchange), {
      onerror: ({ message: reason }) => this.logger.debug(reason),
    });
    const signal = AbortSignal.any([clientGone(request), cancelled.signal]);
    const response = await handler.fetch(webRequest(request, signal), { parsedBody: body });
    if (message?.method === 'initialize' && response.ok) response.headers.set(SESSION_HEADER, randomUUID());
    return response;
  }

  private serverOf(exchange: Exchange): McpServer {
    const server = new McpServer(
      { name: 'chatter', title: 'Chatter', version: '1' },
      {
        capabilities: { tools: { listChanged: false } },
        instructions: INSTRUCTIONS,
        supportedProtocolVersions: PROTOCOL_VERSIONS,
      },
    );
    server.server.setRequestHandler('tools/list', ({ params }, { mcpReq }) =>
      this.disclosing(mcpReq.signal, async () => toolPage(await this.gate.offered(exchange.caller), params?.cursor)),
    );
    server.server.setRequestHandler('tools/call', ({ params }, context) =>
      this.disclosing(context.mcpReq.signal, () => this.call(exchange, params, context)),
    );
    return server;
  }

  private async call(exchange: Exchange, params: CallParams, { mcpReq }: ServerContext) {
    const token = mcpReq._meta?.progressToken;
    const release = this.cancellable(exchange, mcpReq.id);
    try {
      return await this.calls.call(exchange.caller, {
        name: params.name,
        arguments: params.arguments,
        signal: mcpReq.signal,
        progress: (progress) => {
          if (token === undefined) return;
          const notification = { method: 'notifications/progress', params: { progressToken: token, progress } };
          mcpReq.notify(notification).catch(() => undefined);
        },
      });
    } finally {
      release();
    }
  }

  private cancellable({ caller, sessionId, cancelled }: Exchange, requestId: string | number): () => void {
    if (sessionId === undefined) return () => undefined;
    const { userId, workspaceId } = caller;
    return this.running.register({ userId, workspaceId, sessionId, requestId }, cancelled);
  }

  private cancel({ caller: { userId, workspaceId }, sessionId }: Exchange, requestId: unknown): void {
    if (sessionId === undefined || (typeof requestId !== 'string' && typeof requestId !== 'number')) return;
    this.running.cancel({ userId, workspaceId, sessionId, requestId });
  }

  /** What the protocol has no word for stays in the log: the library would answer its message. */
  private async disclosing<Result>(signal: AbortSignal, work: () => Promise<Result>): Promise<Result> {
    try {
      return await work();
    } catch (error) {
      if (error instanceof ProtocolError || signal.aborted) throw error;
      this.logger.error(error instanceof Error ? (error.stack ?? error.message) : String(error));
      throw new ProtocolError(ProtocolErrorCode.InternalError, 'Internal error');
    }
  }
}

/** One request and who sent it. */
interface Exchange {
  readonly caller: Principal;
  readonly sessionId: string | undefined;
  readonly cancelled: AbortController;
}

interface Message {
  readonly method?: unknown;
  readonly params?: { readonly requestId?: unknown };
}

interface CallParams {
  readonly name: string;
  readonly arguments?: Readonly<Record<string, unknown>>;
}

const batchRefused = (): Response =>
  Response.json(
    {
      jsonrpc: '2.0',
      id: null,
      error: { code: ProtocolErrorCode.InvalidRequest, message: 'Send one message a request.' },
    },
    { status: 400 },
  );
