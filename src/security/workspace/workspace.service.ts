import { Injectable } from '@nestjs/common';
import { newId } from '../../platform/clock/id.js';
import { Database } from '../../platform/database/database.js';
import { decodeCursor, toPage, type Page, type PageQuery } from '../../platform/http/page.js';
import type { Principal, Role } from '../../platform/http/principal.js';
import { forbidden, notFound } from '../../platform/problem/http.errors.js';
import { AuditLog } from '../audit/audit.log.js';
import { atLeast } from '../permission/role.js';
import { Redactor } from '../redaction/workspace.redactor.js';
import {
  toWorkspaceDto,
  type CreateWorkspaceDto,
  type UpdateWorkspaceDto,
  type WorkspaceDto,
} from './workspace.dto.js';
import { WorkspaceRepository, type MemberWorkspace } from './workspace.repository.js';

/** The workspaces of the caller. They are named in the path; the workspace of the request does not matter. */
@Injectable()
export class WorkspaceService {
  constructor(
    private readonly repository: WorkspaceRepository,
    private readonly redactor: Redactor,
    private readonly audit: AuditLog,
    private readonly database: Database,
  ) {}

  async list(caller: Principal, { limit, cursor }: PageQuery): Promise<Page<WorkspaceDto>> {
    const [after = null] = cursor === undefined ? [] : decodeCursor(cursor, ['id']);
    const rows = await this.repository.listOf(caller.userId, after, limit + 1);
    return toPage(rows, limit, ({ id }) => [id], toWorkspaceDto);
  }

  async create(caller: Principal, { name }: CreateWorkspaceDto): Promise<WorkspaceDto> {
    const id = newId();
    await this.repository.add({ id, name, isPersonal: false, createdBy: caller.userId });
    return this.get(caller, id);
  }

  /** @throws Problem not-found */
  async get(caller: Principal, id: string): Promise<WorkspaceDto> {
    return toWorkspaceDto(await this.mine(caller, id, 'viewer'));
  }

  /** @throws Problem not-found, forbidden */
  async update(caller: Principal, id: string, { name, redaction }: UpdateWorkspaceDto): Promise<WorkspaceDto> {
    await this.mine(caller, id, 'admin');
    const changes = { ...(name !== undefined && { name }), ...(redaction && { redaction }) };
    if (Object.keys(changes).length === 0) return this.get(caller, id);
    return this.database.transaction(async () => {
      await this.repository.update(id, changes);
      if (redaction) this.redactor.changed(id);
      await this.audit.record({
        workspaceId: id,
        actorId: caller.userId,
        action: 'workspace.updated',
        subject: `workspace:${id}`,
        outcome: 'ok',
        detail: { changed: Object.keys(changes), redaction },
      });
      return this.get(caller, id);
    });
  }

  private async mine(caller: Principal, id: string, least: Role): Promise<MemberWorkspace> {
    const workspace = await this.repository.find(caller.userId, id);
    if (!workspace) throw noSuchWorkspace();
    if (!atLeast(workspace.role, least))
      throw forbidden(`This takes the role ${least} in the workspace; yours is ${workspace.role}.`);
    return workspace;
  }
}

export const noSuchWorkspace = () =>
  notFound('You are in no workspace with this id; GET /api/v1/workspaces lists yours.');
