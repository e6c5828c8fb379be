import { Injectable } from '@nestjs/common';
import { Clock } from '../../platform/clock/clock.js';
import { newId } from '../../platform/clock/id.js';
import { Database } from '../../platform/database/database.js';
import { isForeignKeyViolation } from '../../platform/database/fault.js';
import { decodeCursor, toPage, type PageQuery } from '../../platform/http/page.js';
import type { Principal } from '../../platform/http/principal.js';
import { conflict, notFound, validationFailed } from '../../platform/problem/http.errors.js';
import type { FieldFault } from '../../platform/problem/problem.js';
import { AuditLog } from '../../security/audit/audit.log.js';
import { ToolCatalogue } from '../tool-catalogue.js';
import {
  toGrantDto,
  type CreateGrantDto,
  type GrantDto,
  type GrantPageDto,
  type QuotaDto,
  type UpdateGrantDto,
} from './grant.dto.js';
import type { Quota } from './grant.js';
import { GrantRepository, type StoredGrant } from './grant.repository.js';

/** More would slow down every call of a tool. */
const MOST_GRANTS = 1_000;

/** Who may call which tools, as the admins of a workspace say. */
@Injectable()
export class GrantService {
  constructor(
    private readonly grants: GrantRepository,
    private readonly database: Database,
    private readonly audit: AuditLog,
    private readonly tools: ToolCatalogue,
    private readonly clock: Clock,
  ) {}

  async list({ workspaceId }: Principal, { limit, cursor }: PageQuery): Promise<GrantPageDto> {
    const [before = null] = cursor === undefined ? [] : decodeCursor(cursor, ['id']);
    return toPage(await this.grants.list(workspaceId, before, limit + 1), limit, ({ id }) => [id], toGrantDto);
  }

  /** @throws Problem not-found */
  async get({ workspaceId }: Principal, id: string): Promise<GrantDto> {
    return toGrantDto(await this.found(workspaceId, id));
  }

  /** @throws Problem validation-failed, conflict when there are as many as there may be */
  async create(caller: Principal, request: CreateGrantDto): Promise<GrantDto> {
    const { workspaceId, userId: createdBy } = caller;
    const faults = [...faultsOf(request, this.clock.now()), ...(await this.serverFaults(workspaceId, request))];
    if (faults.length > 0) throw validationFailed(faults);
    return this.database.transaction(async () => {
      if ((await this.grants.count(workspaceId)) >= MOST_GRANTS)
        throw conflict(`The workspace has ${MOST_GRANTS} grants, the most there can be; delete some.`);
      const { userId = null, role = null, tool = null, pattern = null, serverId = null, level } = request;
      const grant = { id: newId(), workspaceId, userId, role, tool, pattern, serverId, level, createdBy };
      const terms = { expiresAt: request.expiresAt ?? null, quota: quotaOf(request.quota) };
      const made = await this.grants.add({ ...grant, ...terms }).catch(refuseStranger);
      await this.record(caller, 'grant.created', made);
      return toGrantDto(made);
    });
  }

  /** What is not given stays. @throws Problem not-found, validation-failed */
  async update(caller: Principal, id: string, request: UpdateGrantDto): Promise<GrantDto> {
    const faults = quotaFaults(request);
    if (faults.length > 0) throw validationFailed(faults);
    return this.database.transaction(async () => {
      const { level, expiresAt, quota } = await this.found(caller.workspaceId, id);
      const changed = await this.grants.change(caller.workspaceId, id, {
        level: request.level ?? level,
        expiresAt: request.expiresAt === undefined ? (expiresAt?.toISOString() ?? null) : request.expiresAt,
        quota: request.quota === undefined ? quota : quotaOf(request.quota),
      });
      if (!changed) throw noSuchGrant(id);
      await this.record(caller, 'grant.changed', changed);
      return toGrantDto(changed);
    });
  }

  /** @throws Problem not-found */
  remove(caller: Principal, id: string): Promise<void> {
    return this.database.transaction(async () => {
      const grant = await this.found(caller.workspaceId, id);
      await this.grants.remove(caller.workspaceId, id);
      await this.record(caller, 'grant.deleted', grant);
    });
  }

  /** Servers of elsewhere and servers that do not exist are refused alike. */
  private async serverFaults(workspaceId: string, { serverId }: CreateGrantDto): Promise<readonly FieldFault[]> {
    if (serverId === undefined || (await this.tools.hasServer(workspaceId, serverId))) return [];
    return [{ pointer: '/serverId', detail: 'is not an MCP server of this workspace' }];
  }

  private async found(workspaceId: string, id: string): Promise<StoredGrant> {
    const grant = await this.grants.find(workspaceId, id);
    if (!grant) throw noSuchGrant(id);
    return grant;
  }

  private record(caller: Principal, action: 'grant.created' | 'grant.changed' | 'grant.deleted', grant: StoredGrant) {
    const { createdBy: _by, createdAt: _at, updatedAt: _changed, ...detail } = toGrantDto(grant);
    const { workspaceId, userId: actorId } = caller;
    return this.audit.record({ workspaceId, actorId, action, subject: `grant:${grant.id}`, outcome: 'ok', detail });
  }
}

const noSuchGrant = (id: string) => notFound(`There is no grant ${id} in this workspace.`);

const quotaOf = (quota: QuotaDto | null | undefined): Quota => ({
  perHour: quota?.perHour ?? null,
  perDay: quota?.perDay ?? null,
});

function faultsOf(request: CreateGrantDto, now: Date): readonly FieldFault[] {
  const { userId, role, tool, pattern, serverId, expiresAt } = request;
  const isPast = typeof expiresAt === 'string' && new Date(expiresAt) <= now;
  return [
    ...oneOf('/userId', 'one of `userId` and `role`', [userId, role]),
    ...oneOf('/tool', 'one of `tool`, `pattern` and `serverId`', [tool, pattern, serverId]),
    ...(isPast ? [{ pointer: '/expiresAt', detail: 'must be a time in the future' }] : []),
    ...quotaFaults(request),
  ];
}

/** A quota without a number would say "no limit", which is null. */
function quotaFaults({ quota }: Pick<CreateGrantDto, 'quota'>): readonly FieldFault[] {
  if (!quota || quota.perHour !== undefined || quota.perDay !== undefined) return [];
  return [{ pointer: '/quota', detail: 'must have `perHour`, `perDay` or both; null is no limit' }];
}

function oneOf(pointer: string, what: string, given: readonly unknown[]): readonly FieldFault[] {
  const count = given.filter((value) => value !== undefined).length;
  return count === 1 ? [] : [{ pointer, detail: `exactly ${what} must be given, not ${count}` }];
}

/** Users of elsewhere and users that do not exist are refused alike. */
function refuseStranger(error: unknown): never {
  if (isForeignKeyViolation(error, 'tool_grant_workspace_id_user_id_fkey'))
    throw validationFailed([{ pointer: '/userId', detail: 'is not a member of this workspace' }]);
  throw error;
}
