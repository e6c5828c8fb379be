import { z } from 'zod';
import { configuration, setting } from '../../platform/config/configuration.js';
import { integer } from '../../platform/config/values.js';

export class McpClientConfig extends configuration('MCP servers', {
  serversFile: setting(
    'MCP_SERVERS_FILE',
    z.string().startsWith('/', 'must be an absolute path').optional(),
    'JSON file of MCP servers that are started as processes (stdio).',
  ),
  connectTimeoutMs: setting(
    'MCP_CONNECT_TIMEOUT_MS',
    integer(500, 120_000).default(10_000),
    'Longest that reaching an MCP server, or listing its tools, may take.',
  ),
  maxResponseBytes: setting(
    'MCP_MAX_RESPONSE_BYTES',
    integer(65_536, 67_108_864).default(1_048_576),
    'Most bytes of one answer of an MCP server.',
  ),
  checkIntervalMs: setting(
    'MCP_CHECK_INTERVAL_MS',
    integer(1_000, 3_600_000).default(60_000),
    'Time between two looks at an MCP server and its tools.',
  ),
}) {}
