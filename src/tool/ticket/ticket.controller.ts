import { Body, Controller, Get, Patch, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { Access } from '../../platform/http/access.js';
import { IdParam } from '../../platform/http/id.pipe.js';
import { Caller, type Principal } from '../../platform/http/principal.js';
import { TicketDto, TicketPageDto, TicketQuery, UpdateTicketDto } from './ticket.dto.js';
import { TicketService } from './ticket.service.js';

@ApiTags('Tickets')
@Controller('tickets')
export class TicketController {
  constructor(private readonly tickets: TicketService) {}

  @Get()
  @Access('viewer', 'tickets:read')
  @ApiOperation({
    summary: 'List tickets, newest first',
    description: 'The tools createTicket and escalate open them.',
    operationId: 'listTickets',
  })
  @ApiOkResponse({ type: TicketPageDto })
  list(@Caller() caller: Principal, @Query() query: TicketQuery): Promise<TicketPageDto> {
    return this.tickets.list(caller, query);
  }

  @Get(':id')
  @Access('viewer', 'tickets:read')
  @ApiOperation({ summary: 'Read a ticket', operationId: 'getTicket' })
  @ApiOkResponse({ type: TicketDto })
  get(@Caller() caller: Principal, @IdParam() id: string): Promise<TicketDto> {
    return this.tickets.get(caller, id);
  }

  @Patch(':id')
  @Access('editor', 'tickets:write')
  @ApiOperation({ summary: 'Change where a ticket stands', operationId: 'updateTicket' })
  @ApiOkResponse({ type: TicketDto })
  update(@Caller() caller: Principal, @IdParam() id: string, @Body() { status }: UpdateTicketDto): Promise<TicketDto> {
    return this.tickets.setStatus(caller, id, status);
  }
}
