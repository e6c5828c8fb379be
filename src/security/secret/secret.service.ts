import { Injectable } from '@nestjs/common';
import { newId } from '../../platform/clock/id.js';
import { Database } from '../../platform/database/database.js';
import { EventBus } from '../../platform/event/event-bus.js';
import { decodeCursor, toPage, type Page, type PageQuery } from '../../platform/http/page.js';
import type { Principal } from '../../platform/http/principal.js';
import { notFound } from '../../platform/problem/http.errors.js';
import type { AuditAct } from '../audit/audit-entry.js';
import { AuditLog } from '../audit/audit.log.js';
import { SecretHosts } from './secret-hosts.js';
import { toSecretDto, type CreateSecretDto, type RotateSecretDto, type SecretDto } from './secret.dto.js';
import { SecretEnvelope } from './secret-envelope.js';
import { SecretChanged } from './secret.events.js';
import { SecretRepository } from './secret.repository.js';

/** The secrets of a workspace. Values go in here and never come out. */
@Injectable()
export class SecretService {
  constructor(
    private readonly repository: SecretRepository,
    private readonly envelope: SecretEnvelope,
    private readonly hosts: SecretHosts,
    private readonly database: Database,
    private readonly events: EventBus,
    private readonly audit: AuditLog,
  ) {}

  async list({ workspaceId }: Principal, { limit, cursor }: PageQuery): Promise<Page<SecretDto>> {
    const [before] = cursor === undefined ? [] : decodeCursor(cursor, ['id']);
    const rows = await this.repository.list(workspaceId, before, limit + 1);
    return toPage(rows, limit, ({ id }) => [id], toSecretDto);
  }

  /** @throws Problem not-found */
  async get({ workspaceId }: Principal, id: string): Promise<SecretDto> {
    const secret = await this.repository.find({ workspaceId, id });
    if (!secret) throw noSecret();
    return toSecretDto(secret);
  }

  /** @throws Problem validation-failed, conflict */
  async create(caller: Principal, { name, value, hosts, provider }: CreateSecretDto): Promise<SecretDto> {
    const key = { workspaceId: caller.workspaceId, id: newId() };
    const bound = this.hosts.of({ hosts, provider });
    return this.database.transaction(async () => {
      const sealed = this.envelope.seal(key, value);
      await this.repository.add({ ...key, ...sealed, name, hosts: bound, provider: provider ?? null });
      await this.changed(caller, 'secret.created', key.id, { name, hosts: bound, provider: provider ?? null });
      return this.get(caller, key.id);
    });
  }

  /** @throws Problem not-found */
  async rotate(caller: Principal, id: string, { value }: RotateSecretDto): Promise<SecretDto> {
    const key = { workspaceId: caller.workspaceId, id };
    return this.database.transaction(async () => {
      const secret = await this.repository.rotate(key, this.envelope.seal(key, value));
      if (!secret) throw noSecret();
      await this.changed(caller, 'secret.rotated', id, { name: secret.name, version: secret.version });
      return toSecretDto(secret);
    });
  }

  /** @throws Problem not-found */
  async remove(caller: Principal, id: string): Promise<void> {
    await this.database.transaction(async () => {
      const name = await this.repository.remove({ workspaceId: caller.workspaceId, id });
      if (name === undefined) throw noSecret();
      await this.changed(caller, 'secret.deleted', id, { name });
    });
  }

  private async changed(
    { workspaceId, userId }: Principal,
    action: AuditAct['action'],
    id: string,
    detail: AuditAct['detail'],
  ): Promise<void> {
    await this.audit.record({ workspaceId, actorId: userId, action, subject: `secret:${id}`, outcome: 'ok', detail });
    await this.events.publish(new SecretChanged(workspaceId, id));
  }
}

const noSecret = () => notFound('The workspace has no secret with this id; GET /api/v1/secrets lists them.');
