import { Injectable } from '@nestjs/common';
import { WorkspaceEventSource, type WorkspaceEvents } from '../../news/workspace-event-source.js';

/** What people are asked, and what became of it; also that nobody decided in time, or needs to any more. */
@Injectable()
@WorkspaceEventSource({ scope: 'approvals:read' })
export class ApprovalNews implements WorkspaceEvents {
  readonly happened = `
    SELECT moment.type, moment.at, approval.id,
      jsonb_strip_nulls(jsonb_build_object('runId', run_id, 'kind', kind, 'title', title, 'tool', tool, 'risk', risk)
        || CASE moment.type WHEN 'approval.decided' THEN jsonb_build_object('status', status, 'decidedBy', decided_by) ELSE '{}' END)
        AS detail
    FROM approval CROSS JOIN LATERAL
      (VALUES ('approval.required', created_at), ('approval.decided', decided_at)) AS moment (type, at)
    WHERE workspace_id = $1 AND coalesce(decided_at, created_at) >= $2 AND moment.at >= $2
    ORDER BY moment.at LIMIT $3`;
}
