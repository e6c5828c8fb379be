import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import { EventBus } from '../../platform/event/event-bus.js';
import { decodeCursor, toPage } from '../../platform/http/page.js';
import type { Principal } from '../../platform/http/principal.js';
import { notFound } from '../../platform/problem/http.errors.js';
import type { ToolContext } from '../tool.js';
import { toTicketDto, type TicketDto, type TicketPageDto, type TicketQuery } from './ticket.dto.js';
import { TicketEscalated, TicketOpened, TicketStatusChanged } from './ticket.events.js';
import { TicketRepository } from './ticket.repository.js';
import type { NewTicket, Ticket, TicketStatus } from './ticket.js';

/** What is left to people: opened and handed over by tools, worked off by members. */
@Injectable()
export class TicketService {
  constructor(
    private readonly database: Database,
    private readonly tickets: TicketRepository,
    private readonly events: EventBus,
  ) {}

  /** The ticket of this call: repeated, it opens no other. */
  open(call: ToolContext, parts: NewTicket): Promise<Ticket> {
    return this.database.transaction(async () => {
      const opened = await this.tickets.insert(call, parts);
      if (!opened) return (await this.tickets.ofCall(call)) ?? gone();
      await this.events.publish(new TicketOpened(opened));
      if (opened.escalatedAt) await this.events.publish(new TicketEscalated(opened));
      return opened;
    });
  }

  /** Hands a ticket over to a person; for the same reason again changes nothing. @throws Problem not-found */
  escalate({ workspaceId }: ToolContext, id: string, reason: string): Promise<Ticket> {
    return this.database.transaction(async () => {
      const escalated = await this.tickets.escalate(workspaceId, id, reason);
      if (!escalated) return this.found(workspaceId, id);
      await this.events.publish(new TicketEscalated(escalated));
      return escalated;
    });
  }

  async list({ workspaceId }: Principal, { limit, cursor, status }: TicketQuery): Promise<TicketPageDto> {
    const [before] = cursor === undefined ? [] : decodeCursor(cursor, ['id']);
    const rows = await this.tickets.list(workspaceId, { status, before, limit: limit + 1 });
    return toPage(rows, limit, ({ id }) => [id], toTicketDto);
  }

  /** @throws Problem not-found */
  async get({ workspaceId }: Principal, id: string): Promise<TicketDto> {
    return toTicketDto(await this.found(workspaceId, id));
  }

  /** @throws Problem not-found */
  setStatus({ workspaceId }: Principal, id: string, status: TicketStatus): Promise<TicketDto> {
    return this.database.transaction(async () => {
      const changed = await this.tickets.setStatus(workspaceId, id, status);
      if (changed) await this.events.publish(new TicketStatusChanged(changed));
      return toTicketDto(changed ?? (await this.found(workspaceId, id)));
    });
  }

  private async found(workspaceId: string, id: string): Promise<Ticket> {
    const ticket = await this.tickets.find(workspaceId, id);
    if (!ticket) throw notFound(`There is no ticket ${id} in this workspace.`);
    return ticket;
  }
}

function gone(): never {
  throw notFound('The ticket of this call has been deleted.');
}
