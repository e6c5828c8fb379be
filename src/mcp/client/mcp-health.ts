import { Injectable, Logger, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import { McpClientConfig } from './mcp-client.config.js';
import { McpConnections } from './mcp-connections.js';
import { McpDirectory } from './mcp-directory.js';
import { McpRefresher } from './mcp-refresher.js';
import { McpServerRepository } from './mcp-server.repository.js';

const AT_ONCE = 5;

/** Looks at every server from time to time, whichever process does so, and closes connections that nobody uses. */
@Injectable()
export class McpHealth implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger('MCP');
  private timer: NodeJS.Timeout | undefined;
  private isLooking = false;

  constructor(
    private readonly servers: McpServerRepository,
    private readonly directory: McpDirectory,
    private readonly refresher: McpRefresher,
    private readonly connections: McpConnections,
    private readonly config: McpClientConfig,
  ) {}

  onApplicationBootstrap(): void {
    const everyMs = Math.max(1_000, Math.floor(this.config.checkIntervalMs / 4));
    this.timer = setInterval(() => void this.look(), everyMs).unref();
  }

  beforeApplicationShutdown(): void {
    clearInterval(this.timer);
  }

  /** One round. Never throws; a round that is under way is not joined by another. */
  async look(): Promise<void> {
    if (this.isLooking) return;
    this.isLooking = true;
    try {
      await this.connections.closeIdle();
      const due = await this.servers.claimDue(this.config.checkIntervalMs, AT_ONCE);
      const there = due.filter((server) => this.directory.isThere(server));
      await Promise.all(there.map((server) => this.refresher.refresh(server)));
    } catch (error) {
      this.logger.warn(`The MCP servers are looked at later: ${String(error)}`);
    } finally {
      this.isLooking = false;
    }
  }
}
