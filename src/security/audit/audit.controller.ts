import { Controller, Get, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { Access } from '../../platform/http/access.js';
import { pageOf, PageQuery, type Page } from '../../platform/http/page.js';
import { Caller, type Principal } from '../../platform/http/principal.js';
import { AuditEntryDto, AuditVerificationDto } from './audit.dto.js';
import { AuditService } from './audit.service.js';

@ApiTags('Audit')
@Controller('audit')
export class AuditController {
  constructor(private readonly audit: AuditService) {}

  @Get()
  @Access('admin', 'audit:read')
  @ApiOperation({ summary: 'List what happened in the workspace that matters for security', operationId: 'listAudit' })
  @ApiOkResponse({ type: pageOf(AuditEntryDto) })
  list(@Caller() caller: Principal, @Query() query: PageQuery): Promise<Page<AuditEntryDto>> {
    return this.audit.list(caller, query);
  }

  @Get('verify')
  @Access('admin', 'audit:read')
  @ApiOperation({
    summary: 'Prove that the audit log was not changed',
    description: 'Reads the whole chain. Finds every edit, deletion, insertion and change of order, and says where.',
    operationId: 'verifyAudit',
  })
  @ApiOkResponse({ type: AuditVerificationDto })
  verify(@Caller() caller: Principal): Promise<AuditVerificationDto> {
    return this.audit.verify(caller);
  }
}
