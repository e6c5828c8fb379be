import { Module } from '@nestjs/common';
import { ConversationModule } from '../conversation/conversation.module.js';
import { LlmModule } from '../llm/llm.module.js';
import { WorkflowModule } from '../workflow/workflow.module.js';
import { ChatController } from './chat.controller.js';
import { ChatService } from './chat.service.js';
import { ChatTurnListener } from './chat-turn.listener.js';
import { RunActivity } from './run-activity.source.js';
import { ConversationKnowledge } from './conversation-knowledge.source.js';
import { ConversationHistory } from './conversation-history.source.js';
import { RegenerateController } from './regenerate.controller.js';

@Module({
  imports: [ConversationModule, LlmModule, WorkflowModule],
  controllers: [ChatController, RegenerateController],
  providers: [ChatService, ChatTurnListener, ConversationHistory, ConversationKnowledge, RunActivity],
})
export class ChatModule {}
