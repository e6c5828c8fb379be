import { Module, type DynamicModule } from '@nestjs/common';
import { ChatModule } from './chat/chat.module.js';
import { ConversationModule } from './conversation/conversation.module.js';
import type { EnvironmentVariables } from './platform/config/configuration.js';
import { LlmModule } from './llm/llm.module.js';
import { PlatformModule } from './platform/platform.module.js';
import { SecurityModule } from './security/security.module.js';
import { WorkflowModule } from './workflow/workflow.module.js';

/** The list of rooms. */
@Module({})
export class AppModule {
  static with(environment: EnvironmentVariables): DynamicModule {
    return {
      module: AppModule,
      imports: [
        PlatformModule.with(environment),
        SecurityModule,
        LlmModule,
        ConversationModule,
        WorkflowModule,
        ChatModule,
      ],
    };
  }
}
