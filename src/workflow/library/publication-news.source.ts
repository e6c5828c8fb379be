import { Injectable } from '@nestjs/common';
import { WorkspaceEventSource, type WorkspaceEvents } from '../../news/workspace-event-source.js';

/** Versions of stored workflows that are published. */
@Injectable()
@WorkspaceEventSource({ scope: 'workflows:read' })
export class PublicationNews implements WorkspaceEvents {
  readonly happened = `
    SELECT 'workflow.published' AS type, v.created_at AS at, w.id,
      jsonb_build_object('name', w.name, 'version', v.version) AS detail
    FROM workflow_version v JOIN workflow w ON w.id = v.workflow_id AND w.deleted_at IS NULL
    WHERE v.workspace_id = $1 AND v.created_at >= $2
    ORDER BY v.created_at LIMIT $3`;
}
