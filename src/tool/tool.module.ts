import { Module } from '@nestjs/common';
import { KnowledgeModule } from '../knowledge/knowledge.module.js';
import { MemoryModule } from '../knowledge/memory/memory.module.js';
import { provideConfiguration } from '../platform/config/configuration.js';
import { TelemetryModule } from '../platform/telemetry/telemetry.module.js';
import { EgressModule } from '../security/egress/egress.module.js';
import { SecurityModule } from '../security/security.module.js';
import { WorkspaceModule } from '../security/workspace/workspace.module.js';
import { UsageModule } from '../usage/usage.module.js';
import { QuotaRepository } from './access/quota.repository.js';
import { ToolAccess } from './access/tool-access.js';
import { ToolSwitches } from './access/tool-switches.js';
import { BUILT_IN_TOOLS } from './built-in-tools.js';
import { BuiltInTools } from './builtin.source.js';
import { DeclaredModule } from './declared/declared.module.js';
import { DirectCalls } from './direct-calls.js';
import { GrantController } from './grant/grant.controller.js';
import { GrantRepository } from './grant/grant.repository.js';
import { GrantService } from './grant/grant.service.js';
import { ToolCallRepository } from './ledger/tool-call.repository.js';
import { ToolLedger } from './ledger/tool-ledger.js';
import { ToolCatalogue } from './tool-catalogue.js';
import { ToolDirectory } from './tool-directory.js';
import { ToolDispatcher } from './tool-dispatcher.js';
import { ToolGate } from './tool-gate.js';
import { ToolPermissionGuard } from './tool-permission.guard.js';
import { TicketModule } from './ticket/ticket.module.js';
import { ToolConfig } from './tool.config.js';
import { ToolController } from './tool.controller.js';

/** Tools behind one door. */
@Module({
  imports: [
    DeclaredModule,
    EgressModule,
    KnowledgeModule,
    MemoryModule,
    SecurityModule,
    TelemetryModule,
    TicketModule,
    UsageModule,
    WorkspaceModule,
  ],
  controllers: [GrantController, ToolController],
  providers: [
    provideConfiguration(ToolConfig),
    ...BUILT_IN_TOOLS,
    BuiltInTools,
    DirectCalls,
    GrantRepository,
    GrantService,
    QuotaRepository,
    ToolAccess,
    ToolCallRepository,
    ToolCatalogue,
    ToolDirectory,
    ToolDispatcher,
    ToolGate,
    ToolLedger,
    ToolPermissionGuard,
    ToolSwitches,
  ],
  exports: [DirectCalls, ToolAccess, ToolCallRepository, ToolCatalogue, ToolGate],
})
export class ToolModule {}
