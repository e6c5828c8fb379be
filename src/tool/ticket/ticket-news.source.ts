import { Injectable } from '@nestjs/common';
import { WorkspaceEventSource, type WorkspaceEvents } from '../../news/workspace-event-source.js';

/** Tickets that are opened, handed over to a person, and given another status. */
@Injectable()
@WorkspaceEventSource({ scope: 'tickets:read' })
export class TicketNews implements WorkspaceEvents {
  /** A change of status is what an update is that neither opened the ticket nor handed it over. */
  readonly happened = `
    SELECT moment.type, moment.at, ticket.id,
      jsonb_build_object('title', title, 'priority', priority)
        || CASE moment.type WHEN 'ticket.changed' THEN jsonb_build_object('status', status) ELSE '{}' END AS detail
    FROM ticket CROSS JOIN LATERAL
      (VALUES ('ticket.opened', created_at), ('ticket.escalated', escalated_at),
        ('ticket.changed', CASE WHEN updated_at > created_at AND updated_at IS DISTINCT FROM escalated_at THEN updated_at END)
      ) AS moment (type, at)
    WHERE workspace_id = $1 AND updated_at >= $2 AND moment.at >= $2
    ORDER BY moment.at LIMIT $3`;
}
