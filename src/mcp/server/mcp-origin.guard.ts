import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { Request } from 'express';
import { ServerConfig } from '../../platform/config/server.config.js';
import { hostNames, isAllowedHost, isAllowedOrigin } from './host-policy.js';
import { McpServerConfig } from './mcp-server.config.js';
import { mcpHostNotAllowed, mcpOriginNotAllowed } from './mcp-server.errors.js';

/** Keeps web pages of strangers away, also those that reach this server by a name of their own (DNS rebinding). */
@Injectable()
export class McpOriginGuard implements CanActivate {
  private readonly hosts: ReadonlySet<string>;

  constructor(
    mcp: McpServerConfig,
    private readonly server: ServerConfig,
  ) {
    this.hosts = hostNames(mcp.allowedHosts, server.host);
  }

  canActivate(context: ExecutionContext): boolean {
    const { host, origin } = context.switchToHttp().getRequest<Request>().headers;
    if (!isAllowedHost(host, this.hosts))
      throw mcpHostNotAllowed('The Host header names no host of this server. Add the name to MCP_ALLOWED_HOSTS.');
    if (!isAllowedOrigin({ origin, host, trusted: this.server.corsOrigins }))
      throw mcpOriginNotAllowed('The Origin header names another site. Add it to CORS_ORIGINS to let its pages in.');
    return true;
  }
}
