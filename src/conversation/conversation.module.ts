import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { AuditModule } from '../security/audit/audit.module.js';
import { RedactionModule } from '../security/redaction/redaction.module.js';
import { ConversationActivity } from './conversation-activity.js';
import { ConversationController } from './conversation.controller.js';
import { ConversationEntity } from './conversation.entity.js';
import { ConversationListRepository } from './conversation-list.repository.js';
import { ConversationRepository } from './conversation.repository.js';
import { ConversationService } from './conversation.service.js';
import { ExportController } from './export.controller.js';
import { ExportService } from './export.service.js';
import { ForkService } from './fork.service.js';
import { MessageController } from './message.controller.js';
import { MessageEntity } from './message.entity.js';
import { MessageRepository } from './message.repository.js';
import { MessageSearchRepository } from './message-search.repository.js';
import { MessageService } from './message.service.js';
import { SummaryRepository } from './summary.repository.js';
import { SummaryService } from './summary.service.js';

/** Conversations and their messages; knows neither workflows nor models. */
@Module({
  imports: [AuditModule, RedactionModule, TypeOrmModule.forFeature([ConversationEntity, MessageEntity])],
  controllers: [ConversationController, MessageController, ExportController],
  providers: [
    ConversationActivity,
    ConversationRepository,
    ConversationListRepository,
    MessageRepository,
    MessageSearchRepository,
    ConversationService,
    MessageService,
    ForkService,
    ExportService,
    SummaryRepository,
    SummaryService,
  ],
  exports: [ConversationService, MessageSearchRepository, MessageService, SummaryService],
})
export class ConversationModule {}
