import { Module, type DynamicModule } from '@nestjs/common';
import { ChatModule } from './chat/chat.module.js';
import { ConversationModule } from './conversation/conversation.module.js';
import { KnowledgeModule } from './knowledge/knowledge.module.js';
import type { EnvironmentVariables } from './platform/config/configuration.js';
import { LlmModule } from './llm/llm.module.js';
import { McpModule } from './mcp/mcp.module.js';
import { MetricsModule } from './metrics/metrics.module.js';
import { NewsModule } from './news/news.module.js';
import { PlatformModule } from './platform/platform.module.js';
import { SecurityModule } from './security/security.module.js';
import { ToolModule } from './tool/tool.module.js';
import { UsageModule } from './usage/usage.module.js';
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
        NewsModule,
        LlmModule,
        UsageModule,
        ToolModule,
        KnowledgeModule,
        ConversationModule,
        McpModule,
        WorkflowModule,
        ChatModule,
        MetricsModule,
      ],
    };
  }
}
