import { Injectable } from '@nestjs/common';
import { Clock } from '../../platform/clock/clock.js';
import { Database } from '../../platform/database/database.js';
import { decodeCursor, toPage, type Page, type PageQuery } from '../../platform/http/page.js';
import type { Principal } from '../../platform/http/principal.js';
import { forbidden, notFound, validationFailed } from '../../platform/problem/http.errors.js';
import { AuditLog } from '../audit/audit.log.js';
import { KnownScopes } from '../permission/known-scopes.js';
import { includesScopes } from '../permission/scope.js';
import { toApiKeyDto, type ApiKeyDto, type CreateApiKeyDto, type NewApiKeyDto } from './api-key.dto.js';
import { ApiKeyRepository } from './api-key.repository.js';
import { ApiKeys } from './api-keys.js';

/** A user's own API keys. */
@Injectable()
export class ApiKeyService {
  constructor(
    private readonly repository: ApiKeyRepository,
    private readonly keys: ApiKeys,
    private readonly knownScopes: KnownScopes,
    private readonly clock: Clock,
    private readonly audit: AuditLog,
    private readonly database: Database,
  ) {}

  async list(caller: Principal, { limit, cursor }: PageQuery): Promise<Page<ApiKeyDto>> {
    const [before] = cursor === undefined ? [] : decodeCursor(cursor, ['id']);
    const rows = await this.repository.list(caller.userId, before, limit + 1);
    return toPage(rows, limit, ({ id }) => [id], toApiKeyDto);
  }

  /** @throws Problem not-found */
  async get(caller: Principal, id: string): Promise<ApiKeyDto> {
    const key = await this.repository.find(caller.userId, id);
    if (!key) throw noKey();
    return toApiKeyDto(key);
  }

  /** Makes a key with no more rights than the caller has. @throws Problem validation-failed, forbidden */
  async create(caller: Principal, { name, scopes, expiresAt }: CreateApiKeyDto): Promise<NewApiKeyDto> {
    const expiry = expiresAt === undefined ? null : this.futureTime(expiresAt);
    this.checkKnown(scopes ?? []);
    await this.checkWithinRights(caller, scopes, expiry);
    return this.database.transaction(async () => {
      const { text, key } = await this.keys.issue({
        userId: caller.userId,
        name,
        scopes: scopes ? [...scopes] : null,
        expiresAt: expiry,
      });
      await this.note(caller, 'created', key.id, { scopes: scopes ?? null, expiresAt: expiresAt ?? null });
      return { ...(await this.get(caller, key.id)), key: text };
    });
  }

  /** @throws Problem not-found */
  async revoke(caller: Principal, id: string): Promise<void> {
    await this.database.transaction(async () => {
      if (!(await this.keys.revoke(caller.userId, id))) throw noKey();
      await this.note(caller, 'revoked', id);
    });
  }

  /** In the workspace the caller acts in: a key works in every workspace of its user. */
  private note(
    { workspaceId, userId }: Principal,
    act: 'created' | 'revoked',
    id: string,
    detail?: Readonly<Record<string, unknown>>,
  ): Promise<void> {
    const subject = `api-key:${id}` as const;
    return this.audit.record({
      workspaceId,
      actorId: userId,
      action: `api-key.${act}`,
      subject,
      outcome: 'ok',
      detail,
    });
  }

  private futureTime(text: string): Date {
    const time = new Date(text);
    if (time > this.clock.now() && time.getUTCFullYear() <= 9999) return time;
    throw validationFailed([{ pointer: '/expiresAt', detail: 'must be a time in the future' }]);
  }

  private checkKnown(scopes: readonly string[]): void {
    const unknown = scopes.filter((scope) => !this.knownScopes.list().includes(scope));
    if (unknown.length === 0) return;
    const detail = `has no scope ${unknown.join(', ')}; known are ${this.knownScopes.list().join(', ')}`;
    throw validationFailed([{ pointer: '/scopes', detail }]);
  }

  /** A key that is asked with a key outlives and outdoes it in nothing. */
  private async checkWithinRights(
    caller: Principal,
    scopes: readonly string[] | undefined,
    expiry: Date | null,
  ): Promise<void> {
    if (!includesScopes(caller.scopes, scopes)) {
      throw forbidden(`An API key gives no more rights than it has. Name scopes among ${caller.scopes?.join(', ')}.`);
    }
    const own = caller.apiKeyId === undefined ? undefined : await this.repository.find(caller.userId, caller.apiKeyId);
    if (own?.expiresAt && (expiry === null || expiry > own.expiresAt)) {
      throw forbidden(
        `A key made with an API key expires no later than it: set expiresAt to ${own.expiresAt.toISOString()} or before.`,
      );
    }
  }
}

const noKey = () => notFound('You have no API key with this id; GET /api/v1/auth/api-keys lists them.');
