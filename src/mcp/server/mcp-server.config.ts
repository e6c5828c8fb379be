import { configuration, setting } from '../../platform/config/configuration.js';
import { integer, list } from '../../platform/config/values.js';

/** Our own MCP server. */
export class McpServerConfig extends configuration('MCP server', {
  allowedHosts: setting(
    'MCP_ALLOWED_HOSTS',
    list().default([]),
    'Host names, comma-separated, by which MCP clients reach /mcp; loopback names and HOST always work.',
  ),
  callsPerUser: setting(
    'MCP_CALLS_PER_USER',
    integer(1, 1_000).default(16),
    'Most tool calls over /mcp that one user may have running at once in a process.',
  ),
}) {}
