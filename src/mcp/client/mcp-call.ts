import { Injectable } from '@nestjs/common';
import type { CallToolResult, Tool } from '@modelcontextprotocol/client';
import { Problem } from '../../platform/problem/problem.js';
import { httpResponseTooLarge } from '../../security/egress/egress.errors.js';
import type { ToolContext } from '../../tool/tool.js';
import { resultOf } from './call-result.js';
import { cleanLine } from './clean-text.js';
import { McpConnections } from './mcp-connections.js';
import { McpDirectory } from './mcp-directory.js';
import type { McpServer } from './mcp-server.js';
import { mcpResultInvalid, mcpServerUnavailable, mcpToolFailed } from './mcp.errors.js';
import type { ToolDefinition } from './tool-definition.js';

export interface McpToolCall {
  readonly serverId: string;
  /** The server's own name for the tool. */
  readonly name: string;
  readonly offeredName: string;
  /** As it was approved. */
  readonly definition: ToolDefinition;
  readonly arguments: Readonly<Record<string, unknown>>;
}

/** Longer than the longest time a tool may be given: the caller's signal ends a call, not the SDK. */
const NO_TIMEOUT_MS = 3_600_000;
const IDEMPOTENCY_KEY = 'chatter/idempotencyKey';
const MAX_MESSAGE = 1_000;

/** Calls a tool where it is, and reads its answer as data. */
@Injectable()
export class McpCalls {
  constructor(
    private readonly directory: McpDirectory,
    private readonly connections: McpConnections,
  ) {}

  /** @throws Problem of `mcp.errors.ts`, or `egress-refused`, or of the secret; the signal's reason */
  async call(call: McpToolCall, context: ToolContext): Promise<unknown> {
    const server = await this.directory.get(context.workspaceId, call.serverId);
    if (!server.enabled) throw mcpServerUnavailable(`The MCP server "${server.name}" is disabled.`);
    const answer = await this.ask(server, call, context);
    return resultOf(call.offeredName, answer, call.definition.outputSchema);
  }

  private async ask(server: McpServer, call: McpToolCall, context: ToolContext): Promise<CallToolResult> {
    const { signal, idempotencyKey } = context;
    const params = { name: call.name, arguments: call.arguments, _meta: { [IDEMPOTENCY_KEY]: idempotencyKey } };
    try {
      return await this.connections.use(server, signal, ({ client }) =>
        client.callTool(params, { signal, timeout: NO_TIMEOUT_MS, toolDefinition: definitionOf(call) }),
      );
    } catch (error) {
      signal.throwIfAborted();
      throw problemOf(error, server, call);
    }
  }
}

/** Tells the SDK which arguments the server wants repeated in headers. */
const definitionOf = ({ name, definition }: McpToolCall): Tool => ({
  name,
  inputSchema: definition.inputSchema as Tool['inputSchema'],
});

function problemOf(error: unknown, { name }: McpServer, { offeredName }: McpToolCall): unknown {
  if (Problem.is(error, httpResponseTooLarge))
    return mcpResultInvalid(`The tool "${offeredName}" answered with more than is accepted. Ask it for less.`);
  if (error instanceof Problem || !(error instanceof Error)) return error;
  if (error.name === 'ProtocolError') {
    const message = cleanLine(error.message, MAX_MESSAGE);
    return mcpToolFailed(`The MCP server "${name}" refuses the call of "${offeredName}": ${message}`, { cause: error });
  }
  if ((error as { code?: unknown }).code === 'INVALID_RESULT')
    return mcpResultInvalid(`The tool "${offeredName}" answered with what is no result of a tool.`, { cause: error });
  return mcpToolFailed(
    `The tool "${offeredName}" asks for more than arguments, such as input of a person. That is not supported.`,
    { cause: error },
  );
}
