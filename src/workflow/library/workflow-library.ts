import { Injectable } from '@nestjs/common';
import { newId } from '../../platform/clock/id.js';
import { Database } from '../../platform/database/database.js';
import type { ExpectedVersions } from '../../platform/http/etag.js';
import { decodeCursor, toPage, type Page, type PageQuery } from '../../platform/http/page.js';
import type { Principal } from '../../platform/http/principal.js';
import { definitionHash } from '../definition/definition-hash.js';
import { nameReserved, nameTaken, noWorkflow, workflowChanged } from './library.errors.js';
import { ReservedNames } from './reserved-names.js';
import { storedDefinition } from './stored-definition.js';
import type {
  NewWorkflow,
  RevisedWorkflow,
  Workflow,
  WorkflowChanges,
  WorkflowFilter,
  WorkflowSummary,
} from './workflow.js';
import { AuditLog } from '../../security/audit/audit.log.js';
import { WorkflowRepository, type HashedDefinition, type WorkflowKey } from './workflow.repository.js';

/** Stored workflows belong to their workspace: every member reads them, editors change them. */
@Injectable()
export class WorkflowLibrary {
  constructor(
    private readonly workflows: WorkflowRepository,
    private readonly reserved: ReservedNames,
    private readonly database: Database,
    private readonly audit: AuditLog,
  ) {}

  /** Nothing of it is published. @throws Problem validation-failed with `violations`, conflict for a name that is taken */
  async create(caller: Principal, { name, description, tags, definition }: NewWorkflow): Promise<Workflow> {
    const { workspaceId, userId: createdBy } = caller;
    const draft = hashed(definition);
    await this.refuseReserved(workspaceId, name);
    const row = { id: newId(), workspaceId, createdBy, name, description, tags: tags ?? [], ...draft };
    const created = await this.workflows.insert(row);
    if (!created) throw nameTaken(name);
    return created.workflow;
  }

  /** The newest first. */
  async list(
    caller: Principal,
    { limit, cursor, ...filter }: PageQuery & WorkflowFilter,
  ): Promise<Page<WorkflowSummary>> {
    const [before] = cursor === undefined ? [] : decodeCursor(cursor, ['id']);
    const rows = await this.workflows.list(caller.workspaceId, filter, before, limit + 1);
    return toPage(
      rows,
      limit,
      ({ id }) => [id],
      (workflow) => workflow,
    );
  }

  /** @throws Problem not-found */
  async read({ workspaceId }: Principal, id: string): Promise<RevisedWorkflow> {
    const found = await this.workflows.find({ workspaceId, id });
    if (!found) throw noWorkflow(id);
    return found;
  }

  /** @throws Problem not-found, precondition-failed, conflict for a name that is taken */
  async update(
    { workspaceId }: Principal,
    id: string,
    changes: WorkflowChanges,
    expected?: ExpectedVersions,
  ): Promise<RevisedWorkflow> {
    if (changes.name !== undefined) await this.refuseReserved(workspaceId, changes.name);
    const key = { workspaceId, id };
    return (await this.workflows.update(key, changes, expected)) ?? this.refuse(key);
  }

  /** @throws Problem not-found, precondition-failed, validation-failed with `violations` */
  async saveDraft(
    { workspaceId }: Principal,
    id: string,
    definition: unknown,
    expected?: ExpectedVersions,
  ): Promise<RevisedWorkflow> {
    const key = { workspaceId, id };
    return (await this.workflows.saveDraft(key, hashed(definition), expected)) ?? this.refuse(key);
  }

  /** Runs that have begun go on: they are pinned to what they run. @throws Problem not-found, precondition-failed */
  async delete({ workspaceId, userId: actorId }: Principal, id: string, expected?: ExpectedVersions): Promise<void> {
    const key = { workspaceId, id };
    await this.database.transaction(async () => {
      if (!(await this.workflows.hide(key, expected))) await this.refuse(key);
      const subject = `workflow:${id}` as const;
      await this.audit.record({ workspaceId, actorId, action: 'workflow.deleted', subject, outcome: 'ok' });
    });
  }

  private async refuseReserved(workspaceId: string, name: string): Promise<void> {
    if (await this.reserved.includes(workspaceId, name)) throw nameReserved(name);
  }

  /** Throws why a conditional change found nothing to change. */
  private async refuse(key: WorkflowKey): Promise<never> {
    const current = await this.workflows.find(key);
    throw current ? workflowChanged(current) : noWorkflow(key.id);
  }
}

function hashed(given: unknown): HashedDefinition {
  const definition = storedDefinition(given);
  return { definition, hash: definitionHash(definition) };
}
