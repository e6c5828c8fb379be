import { Injectable } from '@nestjs/common';
import { RecentReads } from '../../platform/cache/recent-reads.js';
import { newId } from '../../platform/clock/id.js';
import type { McpServer } from './mcp-server.js';
import { McpServerRepository } from './mcp-server.repository.js';
import { noServer } from './mcp.errors.js';
import { ServerFile } from './server-file.js';

const ADOPTED_FOR = { maxAgeMs: 60_000, capacity: 1_000 };

/** The servers a workspace has: its own, and those of the operator's file. */
@Injectable()
export class McpDirectory {
  private readonly adopted = new RecentReads<void>(ADOPTED_FOR);

  constructor(
    private readonly servers: McpServerRepository,
    private readonly file: ServerFile,
  ) {}

  /** @throws Problem not-found */
  async get(workspaceId: string, id: string): Promise<McpServer> {
    const server = await this.find(workspaceId, id);
    if (!server) throw noServer(id);
    return server;
  }

  async find(workspaceId: string, id: string): Promise<McpServer | undefined> {
    const server = await this.servers.find(workspaceId, id);
    return server && this.isThere(server) ? server : undefined;
  }

  /** By name; `after` is the name the page before ended with. */
  async list(workspaceId: string, after: string | undefined, limit: number): Promise<readonly McpServer[]> {
    await this.adopt(workspaceId);
    const declared = this.file.of(workspaceId).map(({ name }) => name);
    return this.servers.list(workspaceId, declared, after, limit);
  }

  /** Makes sure that the servers of the operator's file are among those of the workspace. */
  adopt(workspaceId: string): Promise<void> {
    return this.adopted.get(workspaceId, () => this.adoptNow(workspaceId));
  }

  /** A server of the file is there as long as the file says so. */
  isThere({ workspaceId, transport, name }: Pick<McpServer, 'workspaceId' | 'transport' | 'name'>): boolean {
    return transport === 'http' || this.file.find(workspaceId, name) !== undefined;
  }

  private async adoptNow(workspaceId: string): Promise<void> {
    for (const { name } of this.file.of(workspaceId))
      await this.servers.adopt({ id: newId(), workspaceId, name, transport: 'stdio' });
  }
}
