import { Module } from '@nestjs/common';
import { TicketController } from './ticket.controller.js';
import { TicketNews } from './ticket-news.source.js';
import { TicketRepository } from './ticket.repository.js';
import { TicketService } from './ticket.service.js';

@Module({
  controllers: [TicketController],
  providers: [TicketNews, TicketRepository, TicketService],
  exports: [TicketService],
})
export class TicketModule {}
