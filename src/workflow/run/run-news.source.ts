import { Injectable } from '@nestjs/common';
import { WorkspaceEventSource, type WorkspaceEvents } from '../../news/workspace-event-source.js';

/** Runs that begin, wait and end; not the child runs, which are parts of them. */
@Injectable()
@WorkspaceEventSource({ scope: 'runs:read' })
export class RunNews implements WorkspaceEvents {
  readonly happened = [
    moment('run.started', 'started_at'),
    moment('run.waiting', 'waited_at'),
    moment('run.ended', 'ended_at', `, 'status', status, 'durationMs', duration_ms`),
  ].join(' UNION ALL ');
}

/** Each has an index of its own. */
function moment(type: string, at: string, more = ''): string {
  return `
    (SELECT '${type}' AS type, ${at} AS at, id,
      jsonb_strip_nulls(jsonb_build_object('kind', kind, 'workflow', workflow, 'conversationId', conversation_id${more})) AS detail
    FROM run WHERE workspace_id = $1 AND parent_run_id IS NULL AND ${at} >= $2
    ORDER BY ${at} LIMIT $3)`;
}
