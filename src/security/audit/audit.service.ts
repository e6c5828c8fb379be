import { Injectable } from '@nestjs/common';
import { decodeCursor, toPage, type Page, type PageQuery } from '../../platform/http/page.js';
import type { Principal } from '../../platform/http/principal.js';
import { toAuditEntryDto, type AuditEntryDto, type AuditVerificationDto } from './audit.dto.js';
import { AuditRepository } from './audit.repository.js';
import { AuditVerifier } from './audit.verifier.js';

/** The audit log of the caller's workspace. */
@Injectable()
export class AuditService {
  constructor(
    private readonly repository: AuditRepository,
    private readonly verifier: AuditVerifier,
  ) {}

  async list({ workspaceId }: Principal, { limit, cursor }: PageQuery): Promise<Page<AuditEntryDto>> {
    const [before = null] = cursor === undefined ? [] : decodeCursor(cursor, ['id']);
    const rows = await this.repository.list(workspaceId, before, limit + 1);
    return toPage(rows, limit, ({ id }) => [id], toAuditEntryDto);
  }

  verify({ workspaceId }: Principal): Promise<AuditVerificationDto> {
    return this.verifier.verify(workspaceId);
  }
}
