import { Module } from '@nestjs/common';
import { provideConfiguration } from '../platform/config/configuration.js';
import { SecurityModule } from '../security/security.module.js';
import { ToolModule } from '../tool/tool.module.js';
import { MCP_CLIENT_PROVIDERS } from './client/mcp-client.providers.js';
import { McpServerController } from './client/mcp-server.controller.js';
import { McpStatusController } from './client/mcp-status.controller.js';
import { McpOriginGuard } from './server/mcp-origin.guard.js';
import { McpServerConfig } from './server/mcp-server.config.js';
import { McpServerService } from './server/mcp-server.service.js';
import { McpToolCallService } from './server/mcp-tool-call.service.js';
import { McpController } from './server/mcp.controller.js';
import { RunningCalls } from './server/running-calls.js';

/** The Model Context Protocol, both ways. */
@Module({
  imports: [SecurityModule, ToolModule],
  controllers: [McpController, McpServerController, McpStatusController],
  providers: [
    ...MCP_CLIENT_PROVIDERS,
    provideConfiguration(McpServerConfig),
    McpOriginGuard,
    McpServerService,
    McpToolCallService,
    RunningCalls,
  ],
})
export class McpModule {}
