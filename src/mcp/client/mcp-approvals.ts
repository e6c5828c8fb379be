import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import type { Principal } from '../../platform/http/principal.js';
import type { ToolRisk } from '../../tool/tool.js';
import { McpAudit } from './mcp-audit.js';
import { McpDirectory } from './mcp-directory.js';
import { toolViewOf, type ToolView } from './mcp-server-view.js';
import { McpToolRepository } from './mcp-tool.repository.js';
import { TOOL_ITEM_NAME } from './tool-definition.js';
import { noTool, toolSeenOtherwise } from './mcp.errors.js';

export interface ApprovalWish {
  /** Of the definition that was seen: another one is not approved by it. */
  readonly hash?: string;
  readonly risk?: ToolRisk;
}

/** An administrator's word that a tool is fine as its server describes it now. */
@Injectable()
export class McpApprovals {
  constructor(
    private readonly directory: McpDirectory,
    private readonly tools: McpToolRepository,
    private readonly database: Database,
    private readonly audit: McpAudit,
  ) {}

  async approve(caller: Principal, serverId: string, name: string, { hash, risk }: ApprovalWish): Promise<ToolView> {
    const { workspaceId, userId } = caller;
    const server = await this.directory.get(workspaceId, serverId);
    if (!TOOL_ITEM_NAME.test(name)) throw noTool(server.name, name);
    return this.database.transaction(async () => {
      const approved = await this.tools.approve({ workspaceId, serverId, name, hash, risk, userId });
      if (!approved) throw await this.refusal(workspaceId, server, name);
      await this.audit.record(caller, 'mcp.tool-approved', serverId, { tool: name, hash: approved.approvedHash });
      return toolViewOf(approved);
    });
  }

  private async refusal(workspaceId: string, server: { readonly id: string; readonly name: string }, name: string) {
    const tools = await this.tools.ofServer(workspaceId, server.id);
    const isListed = tools.some((tool) => tool.name === name && tool.listedHash !== undefined);
    return isListed ? toolSeenOtherwise(name) : noTool(server.name, name);
  }
}
