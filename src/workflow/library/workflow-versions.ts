import { Injectable } from '@nestjs/common';
import { TaggedCache } from '../../platform/cache/tagged-cache.js';
import { Database } from '../../platform/database/database.js';
import type { ExpectedVersions } from '../../platform/http/etag.js';
import { decodeCursor, toPage, type Page, type PageQuery } from '../../platform/http/page.js';
import type { Principal } from '../../platform/http/principal.js';
import type { Problem } from '../../platform/problem/problem.js';
import { AuditLog } from '../../security/audit/audit.log.js';
import type { Definition } from '../definition/definition.js';
import { definitionHash } from '../definition/definition-hash.js';
import { definitionDiff, type DefinitionDiff } from './definition-diff.js';
import { draftChanged, noVersion, noWorkflow, workflowChanged } from './library.errors.js';
import { WorkflowValidator } from '../validation/workflow-validator.js';
import { VersionRepository } from './version.repository.js';
import type { RevisedWorkflow, Version, VersionReference, VersionSummary } from './workflow.js';
import { WorkflowRepository, type WorkflowKey } from './workflow.repository.js';

/** The versions of stored workflows: made by publishing, never changed, and one of them is what the name runs. */
@Injectable()
export class WorkflowVersions {
  constructor(
    private readonly workflows: WorkflowRepository,
    private readonly versions: VersionRepository,
    private readonly validator: WorkflowValidator,
    private readonly database: Database,
    private readonly audit: AuditLog,
    private readonly cache: TaggedCache,
  ) {}

  /**
   * Makes the draft the next version and the published one.
   * @throws Problem not-found, precondition-failed, validation-failed with `violations`, conflict when the draft changed
   * while it was checked
   */
  async publish(
    caller: Principal,
    id: string,
    note: string | undefined,
    expected?: ExpectedVersions,
  ): Promise<Version> {
    const key = { workspaceId: caller.workspaceId, id };
    const draft = await this.definitionAt(key, 'draft');
    await this.validator.assertValid(caller, draft, '', id);
    const publication = { ...key, hash: definitionHash(draft), note, publishedBy: caller.userId };
    return this.database.transaction(async () => {
      const version = await this.versions.publish(publication, expected);
      if (!version) throw await this.refusal(key, expected, draftChanged(id));
      await this.note(caller, 'published', id, version.version);
      return version;
    });
  }

  /** The newest first. @throws Problem not-found */
  async list({ workspaceId }: Principal, id: string, { limit, cursor }: PageQuery): Promise<Page<VersionSummary>> {
    const [before] = cursor === undefined ? [] : decodeCursor(cursor, ['integer']);
    const key = { workspaceId, id };
    const rows = await this.versions.list(key, before, limit + 1);
    if (rows.length === 0 && !(await this.workflows.find(key))) throw noWorkflow(id);
    return toPage(
      rows,
      limit,
      ({ version }) => [version],
      (version) => version,
    );
  }

  /** @throws Problem not-found */
  async read({ workspaceId }: Principal, id: string, version: number): Promise<Version> {
    const key = { workspaceId, id };
    const found = await this.versions.find(key, version);
    if (!found) throw await this.refusal(key, undefined, noVersion(version));
    return found;
  }

  /** Lets the name run another version; runs that have begun stay on theirs. @throws Problem not-found, precondition-failed */
  async rollback(
    caller: Principal,
    id: string,
    version: number,
    expected?: ExpectedVersions,
  ): Promise<RevisedWorkflow> {
    const key = { workspaceId: caller.workspaceId, id };
    return this.database.transaction(async () => {
      const pointed = await this.workflows.point(key, version, expected);
      if (!pointed) throw await this.refusal(key, expected, noVersion(version));
      await this.note(caller, 'rolled-back', id, version);
      return pointed;
    });
  }

  private note(
    { workspaceId, userId: actorId }: Principal,
    act: 'published' | 'rolled-back',
    id: string,
    version: number,
  ): Promise<void> {
    const subject = `workflow:${id}` as const;
    const detail = { version };
    this.database.afterCommit(() => void this.cache.invalidate(workspaceId, subject));
    return this.audit.record({ workspaceId, actorId, action: `workflow.${act}`, subject, outcome: 'ok', detail });
  }

  /** @throws Problem not-found */
  async diff(
    { workspaceId }: Principal,
    id: string,
    from: VersionReference,
    to: VersionReference,
  ): Promise<DefinitionDiff> {
    const key = { workspaceId, id };
    const [before, after] = await Promise.all([this.definitionAt(key, from), this.definitionAt(key, to)]);
    return definitionDiff(before, after);
  }

  private async definitionAt(key: WorkflowKey, version: VersionReference): Promise<Definition> {
    const found = await this.versions.byId(key, version);
    if (!found) throw noWorkflow(key.id);
    if (found.definition) return found.definition;
    throw version === 'draft' ? noWorkflow(key.id) : noVersion(version);
  }

  /** Why a conditional statement found nothing: the workflow is gone, has changed, or `otherwise`. */
  private async refusal(key: WorkflowKey, expected: ExpectedVersions, otherwise: Problem): Promise<Problem> {
    const current = await this.workflows.find(key);
    if (!current) return noWorkflow(key.id);
    return expected && !expected.includes(current.revision) ? workflowChanged(current) : otherwise;
  }
}
