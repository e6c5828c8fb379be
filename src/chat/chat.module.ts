import { Module } from '@nestjs/common';
import { ConversationModule } from '../conversation/conversation.module.js';
import { LlmModule } from '../llm/llm.module.js';
import { WorkflowModule } from '../workflow/workflow.module.js';
import { ChatController } from './chat.controller.js';
import { ChatService } from './chat.service.js';
import { ChatTurnListener } from './chat-turn.listener.js';
import { ConversationHistory } from './conversation-history.source.js';

@Module({
  imports: [ConversationModule, LlmModule, WorkflowModule],
  controllers: [ChatController],
  providers: [ChatService, ChatTurnListener, ConversationHistory],
})
export class ChatModule {}
