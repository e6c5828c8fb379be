import { Injectable } from '@nestjs/common';
import { decodeCursor, toPage, type Page, type PageQuery } from '../../platform/http/page.js';
import type { Principal } from '../../platform/http/principal.js';
import { McpConnections } from './mcp-connections.js';
import { McpDirectory } from './mcp-directory.js';
import { McpRefresher } from './mcp-refresher.js';
import { McpRegistry, type ServerToAdd } from './mcp-registry.js';
import type { McpServerChanges } from './mcp-server.js';
import { summaryOf, viewOf, type ServerSummary, type ServerView } from './mcp-server-view.js';
import { McpSwitch } from './mcp-switch.js';
import { McpToolRepository } from './mcp-tool.repository.js';

/** What administrators do with servers: whatever they change is looked at at once, and answered as it is then. */
@Injectable()
export class McpServers {
  constructor(
    private readonly registry: McpRegistry,
    private readonly switches: McpSwitch,
    private readonly directory: McpDirectory,
    private readonly tools: McpToolRepository,
    private readonly refresher: McpRefresher,
    private readonly connections: McpConnections,
  ) {}

  async list({ workspaceId }: Principal, { limit, cursor }: PageQuery): Promise<Page<ServerSummary>> {
    const [after] = cursor === undefined ? [] : decodeCursor(cursor, ['text']);
    const found = await this.directory.list(workspaceId, after, limit + 1);
    const counts = await this.tools.counts(workspaceId);
    return toPage(
      found,
      limit,
      ({ name }) => [name],
      (server) => summaryOf(server, counts.get(server.id)),
    );
  }

  async read({ workspaceId }: Principal, id: string): Promise<ServerView> {
    const server = await this.directory.get(workspaceId, id);
    return viewOf(server, await this.tools.ofServer(workspaceId, id));
  }

  async create(caller: Principal, wanted: ServerToAdd): Promise<ServerView> {
    return this.refresh(caller, (await this.registry.create(caller, wanted)).id);
  }

  async update(caller: Principal, id: string, changes: McpServerChanges): Promise<ServerView> {
    await this.registry.update(caller, id, changes);
    return this.refresh(caller, id);
  }

  async delete(caller: Principal, id: string): Promise<void> {
    await this.registry.delete(caller, id);
    await this.connections.cut(id);
  }

  async enable(caller: Principal, id: string): Promise<ServerView> {
    await this.switches.turn(caller, id, true);
    return this.refresh(caller, id);
  }

  async disable(caller: Principal, id: string): Promise<ServerView> {
    await this.switches.turn(caller, id, false);
    await this.connections.cut(id);
    return this.read(caller, id);
  }

  /** Asks the server now, whatever went wrong before. */
  async refresh(caller: Principal, id: string): Promise<ServerView> {
    const server = await this.directory.get(caller.workspaceId, id);
    if (server.enabled) await this.refresher.refreshAnew(server);
    return this.read(caller, id);
  }
}
