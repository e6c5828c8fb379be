import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { TicketService } from '../ticket/ticket.service.js';
import { Tool, type ToolContext, type ToolExecutor } from '../tool.js';
import { noteOf, type TicketNote } from './create-ticket.tool.js';

const Arguments = z.strictObject({
  reason: z.string().min(1).max(2_000).regex(/\S/, 'must not be blank').describe('Why a person has to take over.'),
  ticketId: z.uuid().optional().describe('The ticket to hand over; without it a new one is opened.'),
});
type Arguments = z.output<typeof Arguments>;

const MAX_TITLE = 200;

@Injectable()
@Tool({
  name: 'escalate',
  title: 'Hand over to a person',
  description: 'Hands the matter over to a person, when the user asks for one or you cannot go on.',
  arguments: Arguments,
  risk: 'low',
  effect: 'idempotent',
})
export class EscalateTool implements ToolExecutor<Arguments> {
  constructor(private readonly tickets: TicketService) {}

  /** @throws Problem not-found */
  async call({ reason, ticketId }: Arguments, context: ToolContext): Promise<TicketNote> {
    if (ticketId !== undefined) return noteOf(await this.tickets.escalate(context, ticketId, reason));
    const title = `A person is asked for: ${reason}`.slice(0, MAX_TITLE).toWellFormed();
    return noteOf(await this.tickets.open(context, { title, priority: 'high', escalationReason: reason }));
  }
}
