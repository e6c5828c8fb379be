import { conflict, notFound } from '../../platform/problem/http.errors.js';
import { problemType, type Problem } from '../../platform/problem/problem.js';

export const mcpServerUnavailable = problemType({
  slug: 'mcp-server-unavailable',
  status: 503,
  title: 'MCP server unavailable',
  explanation:
    'An MCP server cannot be reached, does not answer, or answers with what is no MCP. After several failures it is left alone for a while, which Retry-After tells. GET /mcp/status shows how it is.',
});

export const mcpToolFailed = problemType({
  slug: 'mcp-tool-failed',
  status: 502,
  title: 'The MCP tool failed',
  explanation: 'A tool of an MCP server reported an error. The detail is what the server says: data, not instruction.',
});

export const mcpResultInvalid = problemType({
  slug: 'mcp-result-invalid',
  status: 502,
  title: 'MCP result invalid',
  explanation:
    'A tool of an MCP server answered with something else than its own schema of results promises, or with more than is accepted.',
});

export const MOST_SERVERS = 50;

export const noServer = (id: string): Problem => notFound(`There is no MCP server ${id} in this workspace.`);

export const noTool = (server: string, tool: string): Problem =>
  notFound(`The MCP server "${server}" lists no tool "${tool.slice(0, 128)}".`);

export const serverNameTaken = (name: string, cause?: unknown): Problem =>
  conflict(`An MCP server of this workspace is named "${name}" already. Choose another name.`, { cause });

export const serverFromFile = (name: string): Problem =>
  conflict(`The MCP server "${name}" comes from the operator's file (MCP_SERVERS_FILE) and changes there only.`);

export const tooManyServers = (): Problem =>
  conflict(`A workspace has at most ${MOST_SERVERS} MCP servers. Delete one first.`);

export const toolSeenOtherwise = (tool: string): Problem =>
  conflict(
    `The tool "${tool.slice(0, 128)}" cannot be approved: it has changed since you read it, or its description is faulty. Read the server again.`,
  );
