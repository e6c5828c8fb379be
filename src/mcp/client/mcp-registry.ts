import { Injectable } from '@nestjs/common';
import { newId } from '../../platform/clock/id.js';
import { Database } from '../../platform/database/database.js';
import type { Principal } from '../../platform/http/principal.js';
import { McpAudit } from './mcp-audit.js';
import { McpDirectory } from './mcp-directory.js';
import { McpEndpoints } from './mcp-endpoints.js';
import type { McpServer, McpServerChanges } from './mcp-server.js';
import { McpServerRepository } from './mcp-server.repository.js';
import { McpToolRepository } from './mcp-tool.repository.js';
import { MOST_SERVERS, noServer, serverFromFile, tooManyServers } from './mcp.errors.js';
import { offeredName } from './offered-name.js';

export interface ServerToAdd {
  readonly name: string;
  readonly url: string;
  readonly secretId?: string;
}

/** Registers servers, changes and removes them. Those of the operator's file are not among them. */
@Injectable()
export class McpRegistry {
  constructor(
    private readonly directory: McpDirectory,
    private readonly servers: McpServerRepository,
    private readonly tools: McpToolRepository,
    private readonly endpoints: McpEndpoints,
    private readonly database: Database,
    private readonly audit: McpAudit,
  ) {}

  async create(caller: Principal, wanted: ServerToAdd): Promise<McpServer> {
    const { workspaceId } = caller;
    const { name, url, secretId } = wanted;
    await this.endpoints.check(workspaceId, wanted, wanted);
    return this.database.transaction(async () => {
      const server = { id: newId(), workspaceId, name, transport: 'http' as const, url: normal(url), secretId };
      const created = await this.servers.insert(server, MOST_SERVERS);
      if (!created) throw tooManyServers();
      await this.audit.record(caller, 'mcp.server-created', created.id, { name, host: hostOf(url) });
      return created;
    });
  }

  async update(caller: Principal, id: string, changes: McpServerChanges): Promise<McpServer> {
    const { workspaceId } = caller;
    const { url, secretId } = await this.own(workspaceId, id);
    const whole = {
      url: changes.url ?? url,
      secretId: changes.secretId === null ? undefined : (changes.secretId ?? secretId),
    };
    await this.endpoints.check(workspaceId, changes, whole);
    return this.database.transaction(async () => {
      const { url: newUrl } = changes;
      const normalised = newUrl === undefined ? changes : { ...changes, url: normal(newUrl) };
      const updated = await this.servers.update(workspaceId, id, normalised);
      if (!updated) throw noServer(id);
      if (changes.name !== undefined) await this.rename(updated);
      await this.audit.record(caller, 'mcp.server-changed', id, { changed: Object.keys(changes) });
      return updated;
    });
  }

  async delete(caller: Principal, id: string): Promise<void> {
    const { workspaceId } = caller;
    const { name } = await this.own(workspaceId, id);
    await this.database.transaction(async () => {
      if (!(await this.servers.delete(workspaceId, id))) throw noServer(id);
      await this.audit.record(caller, 'mcp.server-deleted', id, { name });
    });
  }

  private async own(workspaceId: string, id: string): Promise<McpServer & { readonly url: string }> {
    const server = await this.directory.get(workspaceId, id);
    const { url } = server;
    if (url === undefined) throw serverFromFile(server.name);
    return { ...server, url };
  }

  /** Its tools are called otherwise from now on. */
  private async rename(server: McpServer): Promise<void> {
    const tools = await this.tools.ofServer(server.workspaceId, server.id);
    await this.tools.replace(
      server,
      tools.map((tool) => ({ ...tool, offeredName: offeredName(server.name, tool.name) })),
    );
  }
}

/** As it is sent: in ASCII, without what a database does not store. */
const normal = (url: string): string => URL.parse(url)?.href ?? url;

const hostOf = (url: string): string | undefined => URL.parse(url)?.host;
