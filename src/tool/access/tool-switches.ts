import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import type { Principal } from '../../platform/http/principal.js';
import { AuditLog } from '../../security/audit/audit.log.js';

/** The tools that a workspace has switched off. */
@Injectable()
export class ToolSwitches {
  constructor(
    private readonly database: Database,
    private readonly audit: AuditLog,
  ) {}

  async off(workspaceId: string): Promise<ReadonlySet<string>> {
    const rows = await this.database.query<{ tool: string }>(OFF, [workspaceId]);
    return new Set(rows.map(({ tool }) => tool));
  }

  /** Holds from the next call on. */
  set({ workspaceId, userId }: Principal, tool: string, enabled: boolean): Promise<void> {
    return this.database.transaction(async () => {
      await this.database.query(SET, [workspaceId, tool, enabled, userId]);
      const act = { workspaceId, actorId: userId, action: 'tool.switched' as const, subject: `tool:${tool}` as const };
      await this.audit.record({ ...act, outcome: 'ok', detail: { enabled } });
    });
  }
}

const OFF = 'SELECT tool FROM tool_switch WHERE workspace_id = $1 AND NOT enabled';

const SET = `
  INSERT INTO tool_switch (workspace_id, tool, enabled, changed_by) VALUES ($1, $2, $3, $4)
  ON CONFLICT (workspace_id, tool) DO UPDATE SET enabled = $3, changed_by = $4, changed_at = now()`;
