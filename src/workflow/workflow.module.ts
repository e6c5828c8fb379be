import { Module } from '@nestjs/common';
import { LlmModule } from '../llm/llm.module.js';
import { provideConfiguration } from '../platform/config/configuration.js';
import { SecurityModule } from '../security/security.module.js';
import { GraphCompiler } from './graph/graph-compiler.js';
import { NodeRegistry } from './node/node.registry.js';
import { HttpNode } from './node/types/http.node.js';
import { MemoryNode } from './node/types/memory.node.js';
import { ModelNode } from './node/types/model.node.js';
import { SwitchNode } from './node/types/switch.node.js';
import { DefinitionStore } from './run/definition-store.js';
import { EventLog } from './run/event-log.js';
import { EventRepository } from './run/event.repository.js';
import { RunConfig } from './run/run.config.js';
import { RunController } from './run/run.controller.js';
import { RunEnder } from './run/run-ender.js';
import { RunExecutor } from './run/run-executor.js';
import { RunFeed } from './run/run-feed.js';
import { RunReader } from './run/run-reader.js';
import { RunRepository } from './run/run.repository.js';
import { RunService } from './run/run.service.js';
import { RunStarter } from './run/run-starter.js';
import { RunSweeper } from './run/run-sweeper.js';
import { WorkflowExecutionService } from './run/workflow-execution.service.js';
import { TemplateRegistry } from './template/template.registry.js';
import { PlainTemplate } from './template/templates/plain.template.js';
import { WorkflowResolver } from './workflow-resolver.js';

const NODE_TYPES = [HttpNode, MemoryNode, ModelNode, SwitchNode];

const TEMPLATES = [PlainTemplate];

const ENGINE = [
  DefinitionStore,
  EventLog,
  EventRepository,
  GraphCompiler,
  NodeRegistry,
  RunEnder,
  RunExecutor,
  RunFeed,
  RunReader,
  RunRepository,
  RunStarter,
  RunSweeper,
];

@Module({
  imports: [LlmModule, SecurityModule],
  controllers: [RunController],
  providers: [
    provideConfiguration(RunConfig),
    ...NODE_TYPES,
    ...TEMPLATES,
    ...ENGINE,
    RunService,
    TemplateRegistry,
    WorkflowExecutionService,
    WorkflowResolver,
  ],
  exports: [RunService, WorkflowExecutionService, WorkflowResolver],
})
export class WorkflowModule {}
