import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { TICKET_PRIORITIES, type Ticket } from '../ticket/ticket.js';
import { TicketService } from '../ticket/ticket.service.js';
import { Tool, type ToolContext, type ToolExecutor } from '../tool.js';

const Arguments = z.strictObject({
  title: z.string().min(1).max(200).regex(/\S/, 'must not be blank').describe('What it is about, in one line.'),
  description: z.string().max(10_000).optional().describe('What a person needs to know to work on it.'),
  priority: z.enum(TICKET_PRIORITIES).default('normal').describe('How urgent it is.'),
});
type Arguments = z.output<typeof Arguments>;

@Injectable()
@Tool({
  name: 'createTicket',
  title: 'Open a ticket',
  description: 'Opens a ticket for what you cannot solve, so that a person works on it later.',
  arguments: Arguments,
  risk: 'low',
  effect: 'idempotent',
})
export class CreateTicketTool implements ToolExecutor<Arguments> {
  constructor(private readonly tickets: TicketService) {}

  async call(ticket: Arguments, context: ToolContext): Promise<TicketNote> {
    return noteOf(await this.tickets.open(context, ticket));
  }
}

/** What the model hears of a ticket. */
export interface TicketNote {
  readonly ticketId: string;
  readonly title: string;
  readonly status: string;
  readonly priority: string;
  readonly escalated: boolean;
}

export const noteOf = ({ id, title, status, priority, escalatedAt }: Ticket): TicketNote => ({
  ticketId: id,
  title,
  status,
  priority,
  escalated: escalatedAt !== null,
});
