import { Injectable } from '@nestjs/common';
import type { Principal } from '../../platform/http/principal.js';
import { AuditLog } from '../../security/audit/audit.log.js';

export type McpAct =
  | 'mcp.server-created'
  | 'mcp.server-changed'
  | 'mcp.server-deleted'
  | 'mcp.server-enabled'
  | 'mcp.server-disabled'
  | 'mcp.tool-approved';

/** Keeps who did what to the servers of a workspace, within the transaction that does it. */
@Injectable()
export class McpAudit {
  constructor(private readonly log: AuditLog) {}

  record(caller: Principal, action: McpAct, serverId: string, detail?: Readonly<Record<string, unknown>>) {
    const { workspaceId, userId: actorId } = caller;
    return this.log.record({ workspaceId, actorId, action, subject: `mcp-server:${serverId}`, outcome: 'ok', detail });
  }
}
