import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import type { Principal } from '../../platform/http/principal.js';
import { McpAudit } from './mcp-audit.js';
import { McpDirectory } from './mcp-directory.js';
import { McpServerRepository } from './mcp-server.repository.js';
import { noServer } from './mcp.errors.js';

/** The kill switch of a server: as long as it is off, nothing is sent to it. */
@Injectable()
export class McpSwitch {
  constructor(
    private readonly directory: McpDirectory,
    private readonly servers: McpServerRepository,
    private readonly database: Database,
    private readonly audit: McpAudit,
  ) {}

  async turn(caller: Principal, id: string, enabled: boolean): Promise<void> {
    await this.directory.get(caller.workspaceId, id);
    await this.database.transaction(async () => {
      if (!(await this.servers.switch(caller.workspaceId, id, enabled))) throw noServer(id);
      await this.audit.record(caller, enabled ? 'mcp.server-enabled' : 'mcp.server-disabled', id);
    });
  }
}
