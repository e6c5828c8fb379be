import { Injectable } from '@nestjs/common';
import { WorkspaceEventSource, type WorkspaceEvents } from '../../news/workspace-event-source.js';

/** Documents that were processed to their end. */
@Injectable()
@WorkspaceEventSource({ scope: 'documents:read' })
export class DocumentNews implements WorkspaceEvents {
  readonly happened = `
    SELECT 'document.' || d.status AS type, d.updated_at AS at, d.id,
      jsonb_strip_nulls(jsonb_build_object('title', d.title, 'collection', c.name, 'problem', d.problem)) AS detail
    FROM document d JOIN collection c ON c.id = d.collection_id
    WHERE d.workspace_id = $1 AND d.status IN ('ready', 'failed') AND d.updated_at >= $2
    ORDER BY d.updated_at LIMIT $3`;
}
