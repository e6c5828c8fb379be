import { Module } from '@nestjs/common';
import { LlmModule } from '../llm/llm.module.js';
import { SecurityModule } from '../security/security.module.js';
import { WorkspaceModule } from '../security/workspace/workspace.module.js';
import { BudgetController } from './budget/budget.controller.js';
import { BudgetRepository } from './budget/budget.repository.js';
import { BudgetService } from './budget/budget.service.js';
import { Budgets } from './budget/budgets.js';
import { UsageController } from './ledger/usage.controller.js';
import { UsageRepository } from './ledger/usage.repository.js';
import { UsageService } from './ledger/usage.service.js';
import { UsageUpkeep } from './usage-upkeep.js';

/** What was used, and what bounds it. */
@Module({
  imports: [LlmModule, SecurityModule, WorkspaceModule],
  controllers: [BudgetController, UsageController],
  providers: [BudgetRepository, BudgetService, Budgets, UsageRepository, UsageService, UsageUpkeep],
  exports: [Budgets],
})
export class UsageModule {}
