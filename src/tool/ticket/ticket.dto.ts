import { Choice, Id, Text, Time } from '../../platform/http/fields.js';
import { pageOf, PageQuery } from '../../platform/http/page.js';
import { TICKET_PRIORITIES, TICKET_STATUSES, type Ticket, type TicketStatus } from './ticket.js';

export class TicketDto {
  @Id({ description: 'The ticket.' })
  readonly id!: string;

  @Text({ description: 'What it is about.', max: 200, example: 'Parcel 4711 has not arrived' })
  readonly title!: string;

  @Text({ description: 'What there is to know about it.', max: 10_000, optional: true })
  readonly description?: string;

  @Choice(TICKET_PRIORITIES, { description: 'How urgent it is.', example: 'normal' })
  readonly priority!: string;

  @Choice(TICKET_STATUSES, { description: 'Where it stands.', example: 'open' })
  readonly status!: string;

  @Time({ description: 'When it was handed over to a person.', optional: true })
  readonly escalatedAt?: string;

  @Text({ description: 'Why it was handed over.', max: 2_000, optional: true })
  readonly escalationReason?: string;

  @Id({ description: 'The user it was opened for.' })
  readonly createdBy!: string;

  @Id({ description: 'The conversation it was opened in.', optional: true })
  readonly conversationId?: string;

  @Id({ description: 'The run that opened it.', optional: true })
  readonly runId?: string;

  @Time({ description: 'When it was opened.' })
  readonly createdAt!: string;

  @Time({ description: 'When it was last changed.' })
  readonly updatedAt!: string;
}

export class TicketPageDto extends pageOf(TicketDto) {}

export class TicketQuery extends PageQuery {
  @Choice(TICKET_STATUSES, { description: 'Only those that stand so.', optional: true, example: 'open' })
  readonly status?: TicketStatus;
}

export class UpdateTicketDto {
  @Choice(TICKET_STATUSES, { description: 'Where it stands now.', example: 'resolved' })
  readonly status!: TicketStatus;
}

/** The public form of a ticket. */
export const toTicketDto = (ticket: Ticket): TicketDto => ({
  id: ticket.id,
  title: ticket.title,
  description: ticket.description ?? undefined,
  priority: ticket.priority,
  status: ticket.status,
  escalatedAt: ticket.escalatedAt?.toISOString(),
  escalationReason: ticket.escalationReason ?? undefined,
  createdBy: ticket.createdBy,
  conversationId: ticket.conversationId ?? undefined,
  runId: ticket.runId ?? undefined,
  createdAt: ticket.createdAt.toISOString(),
  updatedAt: ticket.updatedAt.toISOString(),
});
