import { Injectable, type OnModuleInit } from '@nestjs/common';
import { LLMService } from '../../llm/llm.service.js';
import { isId, newId } from '../../platform/clock/id.js';
import { Database } from '../../platform/database/database.js';
import { isUniqueViolation } from '../../platform/database/fault.js';
import { decodeCursor, toPage, type PageQuery } from '../../platform/http/page.js';
import type { Principal } from '../../platform/http/principal.js';
import { PluginRegistry } from '../../platform/plugin/plugin.registry.js';
import { conflict, notFound, validationFailed } from '../../platform/problem/http.errors.js';
import { Problem } from '../../platform/problem/problem.js';
import { AuditLog } from '../../security/audit/audit.log.js';
import { atLeast } from '../../security/permission/role.js';
import { Memberships } from '../../security/workspace/memberships.js';
import type { BudgetUnit } from './budget.js';
import {
  toBudgetDto,
  type BudgetDto,
  type BudgetPageDto,
  type CreateBudgetDto,
  type UpdateBudgetDto,
} from './budget.dto.js';
import { BudgetRepository, type StoredBudget } from './budget.repository.js';
import { WorkflowSubjects, type WorkflowSubjectSource } from './budget-subject.js';
import { Budgets } from './budgets.js';

/** More would slow down every call of a model. */
const MOST_BUDGETS = 100;

/** The budgets of a workspace, as its admins set them. Members see those that are not about somebody else. */
@Injectable()
export class BudgetService implements OnModuleInit {
  private workflows: readonly WorkflowSubjectSource[] = [];

  constructor(
    private readonly repository: BudgetRepository,
    private readonly budgets: Budgets,
    private readonly database: Database,
    private readonly audit: AuditLog,
    private readonly memberships: Memberships,
    private readonly llm: LLMService,
    private readonly plugins: PluginRegistry,
  ) {}

  onModuleInit(): void {
    this.workflows = this.plugins.find<WorkflowSubjectSource, void>(WorkflowSubjects).map(({ plugin }) => plugin);
  }

  async list(caller: Principal, { limit, cursor }: PageQuery): Promise<BudgetPageDto> {
    const [before = null] = cursor === undefined ? [] : decodeCursor(cursor, ['id']);
    const rows = await this.repository.list(caller.workspaceId, onlyFor(caller), before, limit + 1);
    return toPage(rows, limit, ({ id }) => [id], toBudgetDto);
  }

  /** @throws Problem not-found */
  async get(caller: Principal, id: string): Promise<BudgetDto> {
    return toBudgetDto(await this.found(caller, id));
  }

  /** @throws Problem validation-failed, conflict */
  async create(caller: Principal, request: CreateBudgetDto): Promise<BudgetDto> {
    const { scope, unit, limit, period } = request;
    checkWhole(unit, limit);
    const subjectId = await this.subjectOf(caller, request);
    const { workspaceId, userId: createdBy } = caller;
    const id = newId();
    return this.database.transaction(async () => {
      if ((await this.repository.count(workspaceId)) >= MOST_BUDGETS)
        throw conflict(`The workspace has ${MOST_BUDGETS} budgets, the most there can be; delete some.`);
      await this.repository
        .add({ id, workspaceId, scope, subjectId, unit, limit, period, createdBy })
        .catch(refuseSecond);
      return this.made(caller, 'budget.created', id);
    });
  }

  /** What is not given stays. @throws Problem not-found, validation-failed, conflict */
  update(caller: Principal, id: string, request: UpdateBudgetDto): Promise<BudgetDto> {
    return this.database.transaction(async () => {
      const { unit, limit, period } = await this.found(caller, id);
      checkWhole(unit, request.limit ?? limit);
      await this.repository
        .change(caller.workspaceId, id, request.limit ?? limit, request.period ?? period)
        .catch(refuseSecond);
      return this.made(caller, 'budget.changed', id);
    });
  }

  /** @throws Problem not-found */
  remove(caller: Principal, id: string): Promise<void> {
    return this.database.transaction(async () => {
      const budget = await this.found(caller, id);
      await this.repository.remove(caller.workspaceId, id);
      await this.record(caller, 'budget.deleted', budget);
    });
  }

  private async made(caller: Principal, action: 'budget.created' | 'budget.changed', id: string): Promise<BudgetDto> {
    const budget = await this.found(caller, id);
    await this.record(caller, action, budget);
    return toBudgetDto(budget);
  }

  private async found(caller: Principal, id: string): Promise<StoredBudget> {
    const budget = await this.repository.find(caller.workspaceId, onlyFor(caller), id);
    if (!budget) throw notFound(`There is no budget ${id} in this workspace.`);
    return budget;
  }

  private async record(
    { workspaceId, userId: actorId }: Principal,
    action: `budget.${string}`,
    { id, scope, subjectId, unit, limit, period }: StoredBudget,
  ): Promise<void> {
    const detail = { scope, subjectId, unit, limit, period };
    await this.audit.record({ workspaceId, actorId, action, subject: `budget:${id}`, outcome: 'ok', detail });
    this.budgets.changed(workspaceId);
  }

  /** What use is counted under. @throws Problem validation-failed */
  private async subjectOf(caller: Principal, { scope, subjectId, unit }: CreateBudgetDto): Promise<string> {
    const { workspaceId, userId } = caller;
    switch (scope) {
      case 'workspace':
        if (subjectId !== undefined && subjectId !== workspaceId) throw noSubject('is not the present workspace');
        return workspaceId;
      case 'user':
        if (subjectId === undefined || subjectId === userId) return userId;
        if ((await this.roleOf(subjectId, workspaceId)) === undefined)
          throw noSubject('is not a member of this workspace');
        return subjectId;
      case 'workflow': {
        if (subjectId === undefined) throw noSubject('must name a workflow');
        const found = await this.workflowOf(workspaceId, subjectId);
        if (found === undefined) throw noSubject('names no workflow of this workspace');
        return found;
      }
      case 'model':
        if (subjectId === undefined) throw noSubject('must name a model, as "provider:model"');
        if (unit === 'runs')
          throw validationFailed([{ pointer: '/unit', detail: 'cannot be runs: a run may call several models' }]);
        return this.modelOf(workspaceId, subjectId);
    }
  }

  private async roleOf(userId: string, workspaceId: string) {
    return isId(userId) ? this.memberships.currentRole(userId, workspaceId) : undefined;
  }

  private async workflowOf(workspaceId: string, name: string): Promise<string | undefined> {
    for (const source of this.workflows) {
      const found = await source.subjectOf(workspaceId, name);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  private async modelOf(workspaceId: string, name: string): Promise<string> {
    try {
      return this.llm.resolve(name, await this.llm.keyed(workspaceId)).id;
    } catch (error) {
      throw error instanceof Problem ? noSubject(error.detail) : error;
    }
  }
}

/** Members below an admin see nothing of other users. */
const onlyFor = ({ role, userId }: Principal): string | null => (atLeast(role, 'admin') ? null : userId);

const noSubject = (detail: string): Problem => validationFailed([{ pointer: '/subjectId', detail }]);

function checkWhole(unit: BudgetUnit, limit: number): void {
  if (unit !== 'cost' && !Number.isInteger(limit))
    throw validationFailed([{ pointer: '/limit', detail: `must be a whole number of ${unit}` }]);
}

function refuseSecond(error: unknown): never {
  if (isUniqueViolation(error, 'budget_subject'))
    throw conflict('There is a budget of this subject, unit and period already; change that one.', { cause: error });
  throw error;
}
