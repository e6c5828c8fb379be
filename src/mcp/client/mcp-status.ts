import { Injectable } from '@nestjs/common';
import { Clock } from '../../platform/clock/clock.js';
import { McpDirectory } from './mcp-directory.js';
import { McpToolRepository } from './mcp-tool.repository.js';
import { overall, standingOf, type OverallStatus, type ServerStanding } from './server-standing.js';

export interface McpStatus {
  readonly status: OverallStatus;
  readonly servers: readonly ServerStanding[];
  readonly checkedAt: string;
}

const MOST_SHOWN = 200;

/** How the servers of a workspace were when they were last asked. Asks none of them. */
@Injectable()
export class McpStatusReader {
  constructor(
    private readonly directory: McpDirectory,
    private readonly tools: McpToolRepository,
    private readonly clock: Clock,
  ) {}

  async read(workspaceId: string): Promise<McpStatus> {
    const servers = await this.directory.list(workspaceId, undefined, MOST_SHOWN);
    const counts = await this.tools.counts(workspaceId);
    const standings = servers.map((server) => standingOf(server, counts.get(server.id)));
    return { status: overall(standings), servers: standings, checkedAt: this.clock.now().toISOString() };
  }
}
