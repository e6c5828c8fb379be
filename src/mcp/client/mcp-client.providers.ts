import type { Provider } from '@nestjs/common';
import { provideConfiguration } from '../../platform/config/configuration.js';
import { McpApprovals } from './mcp-approvals.js';
import { McpAudit } from './mcp-audit.js';
import { McpCalls } from './mcp-call.js';
import { McpClientConfig } from './mcp-client.config.js';
import { McpConnections } from './mcp-connections.js';
import { McpConnector } from './mcp-connector.js';
import { McpCredentials } from './mcp-credentials.js';
import { McpDirectory } from './mcp-directory.js';
import { McpEndpoints } from './mcp-endpoints.js';
import { McpFetch } from './mcp-fetch.js';
import { McpHealth } from './mcp-health.js';
import { McpRefresher } from './mcp-refresher.js';
import { McpRegistry } from './mcp-registry.js';
import { McpServerRepository } from './mcp-server.repository.js';
import { McpServers } from './mcp-servers.js';
import { McpStatusReader } from './mcp-status.js';
import { McpSwitch } from './mcp-switch.js';
import { McpToolRepository } from './mcp-tool.repository.js';
import { McpTools } from './mcp-tools.source.js';
import { ServerFile } from './server-file.js';

/** The side of MCP that asks other servers. */
export const MCP_CLIENT_PROVIDERS: readonly Provider[] = [
  provideConfiguration(McpClientConfig),
  McpApprovals,
  McpAudit,
  McpCalls,
  McpConnections,
  McpConnector,
  McpCredentials,
  McpDirectory,
  McpEndpoints,
  McpFetch,
  McpHealth,
  McpRefresher,
  McpRegistry,
  McpServerRepository,
  McpServers,
  McpStatusReader,
  McpSwitch,
  McpToolRepository,
  McpTools,
  ServerFile,
];
