import { NODE_TYPES } from './node/node-types.js';
import { BUILT_IN_TEMPLATES } from './template/built-in-templates.js';
import { TEMPLATING } from './template/template.providers.js';
import { LIBRARY } from './library/library.providers.js';
import { Module } from '@nestjs/common';
import { KnowledgeModule } from '../knowledge/knowledge.module.js';
import { MemoryModule } from '../knowledge/memory/memory.module.js';
import { LlmModule } from '../llm/llm.module.js';
import { provideConfiguration } from '../platform/config/configuration.js';
import { TelemetryModule } from '../platform/telemetry/telemetry.module.js';
import { SecurityModule } from '../security/security.module.js';
import { ToolModule } from '../tool/tool.module.js';
import { UsageModule } from '../usage/usage.module.js';
import { GraphCompiler } from './graph/graph-compiler.js';
import { NodeRegistry } from './node/node.registry.js';
import { ApprovalController } from './approval/approval.controller.js';
import { ApprovalNews } from './approval/approval-news.source.js';
import { ApprovalService } from './approval/approval.service.js';
import { ApprovalRepository } from './approval/approval.repository.js';
import { NodeTypeController } from './node/node-type.controller.js';
import { PublicationNews } from './library/publication-news.source.js';
import { TransferController } from './library/transfer.controller.js';
import { VersionController } from './library/version.controller.js';
import { WorkflowController } from './library/workflow.controller.js';
import { DefinitionRepository } from './run/definition.repository.js';
import { DefinitionStore } from './run/definition-store.js';
import { EventLog } from './run/event-log.js';
import { EventRepository } from './run/event.repository.js';
import { RunAnswers } from './run/run-answers.js';
import { RunClaims } from './run/run-claims.js';
import { RunConfig } from './run/run.config.js';
import { RunControl } from './run/run-control.js';
import { RunController } from './run/run.controller.js';
import { RunCompany } from './run/run-company.js';
import { RunEnder } from './run/run-ender.js';
import { RunExecutor } from './run/run-executor.js';
import { RunFeed } from './run/run-feed.js';
import { RunFollower } from './run/run-follower.js';
import { RunHistoryService } from './run/run-history.service.js';
import { RunLauncher } from './run/run-launcher.js';
import { RunNews } from './run/run-news.source.js';
import { RunReader } from './run/run-reader.js';
import { RunRepository } from './run/run.repository.js';
import { RunService } from './run/run.service.js';
import { RunShelver } from './run/run-shelver.js';
import { RunSources } from './run/run-sources.js';
import { RunStarter } from './run/run-starter.js';
import { RunSweeper } from './run/run-sweeper.js';
import { RunToolCalls } from './run/run-tool-calls.js';
import { RunTurns } from './run/run-turns.js';
import { RunWork } from './run/run-work.js';
import { ToolCallRuns } from './run/tool-call.deferral.js';
import { WorkflowExecutionService } from './run/workflow-execution.service.js';
import { WorkflowRunController } from './run/workflow-run.controller.js';
import { TemplateController } from './template/template.controller.js';
import { CountedWorkflows } from './counted-workflows.js';
import { WorkflowBundler } from './workflow-bundler.js';
import { WorkflowCalls } from './tool/workflow-calls.js';
import { WorkflowToolRepository } from './tool/workflow-tool.repository.js';
import { WorkflowTools } from './tool/workflow-tool.source.js';
import { ValidationController } from './validation/validation.controller.js';
import { VALIDATION } from './validation/validation.providers.js';
import { WorkflowValidator } from './validation/workflow-validator.js';
import { WebhookDeliverer } from './webhook/webhook.deliverer.js';
import { WebhookListener } from './webhook/webhook.listener.js';
import { WebhookRepository } from './webhook/webhook.repository.js';
import { Webhooks } from './webhook/webhook.service.js';
import { WorkflowResolver } from './workflow-resolver.js';

const ENGINE = [
  ApprovalRepository,
  DefinitionRepository,
  DefinitionStore,
  EventLog,
  EventRepository,
  GraphCompiler,
  NodeRegistry,
  RunAnswers,
  RunClaims,
  RunCompany,
  RunControl,
  RunEnder,
  RunExecutor,
  RunFeed,
  RunFollower,
  RunReader,
  RunRepository,
  RunShelver,
  RunStarter,
  RunSweeper,
  RunTurns,
  RunWork,
];

const TOOLS = [WorkflowCalls, WorkflowToolRepository, WorkflowTools];

/** What members of a workspace are told of. */
const NEWS = [ApprovalNews, PublicationNews, RunNews];

const WEBHOOKS = [WebhookDeliverer, WebhookListener, WebhookRepository, Webhooks];

@Module({
  imports: [KnowledgeModule, LlmModule, MemoryModule, SecurityModule, TelemetryModule, ToolModule, UsageModule],
  controllers: [
    RunController,
    ApprovalController,
    WorkflowRunController,
    WorkflowController,
    VersionController,
    TemplateController,
    TransferController,
    NodeTypeController,
    ValidationController,
  ],
  providers: [
    provideConfiguration(RunConfig),
    ...NODE_TYPES,
    ...BUILT_IN_TEMPLATES,
    ...TEMPLATING,
    ...ENGINE,
    ...LIBRARY,
    ApprovalService,
    RunHistoryService,
    RunLauncher,
    ToolCallRuns,
    ...VALIDATION,
    ...TOOLS,
    ...NEWS,
    ...WEBHOOKS,
    RunService,
    RunSources,
    RunToolCalls,
    WorkflowExecutionService,
    CountedWorkflows,
    WorkflowBundler,
    WorkflowResolver,
  ],
  exports: [RunService, RunSources, RunToolCalls, WorkflowExecutionService, WorkflowResolver, WorkflowValidator],
})
export class WorkflowModule {}
