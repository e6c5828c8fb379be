import { Body, Controller, Get, HttpCode, Post, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { Access } from '../../platform/http/access.js';
import { ApiProblems } from '../../platform/http/api-problems.js';
import { IdParam } from '../../platform/http/id.pipe.js';
import { Caller, type Principal } from '../../platform/http/principal.js';
import { ApprovalDecisionDto, ApprovalDto, ApprovalPageDto, ApprovalQuery } from './approval.dto.js';
import { approvalDecided } from './approval.errors.js';
import { ApprovalService } from './approval.service.js';

@ApiTags('Approvals')
@Controller('approvals')
export class ApprovalController {
  constructor(private readonly approvals: ApprovalService) {}

  @Get()
  @Access('viewer', 'approvals:read')
  @ApiOperation({ summary: 'List approvals, newest first', operationId: 'listApprovals' })
  @ApiOkResponse({ type: ApprovalPageDto })
  @ApiProblems(422)
  list(@Caller() caller: Principal, @Query() query: ApprovalQuery): Promise<ApprovalPageDto> {
    return this.approvals.list(caller, query);
  }

  @Get(':id')
  @Access('viewer', 'approvals:read')
  @ApiOperation({ summary: 'Read an approval', operationId: 'getApproval' })
  @ApiOkResponse({ type: ApprovalDto })
  @ApiProblems(404)
  get(@Caller() caller: Principal, @IdParam() id: string): Promise<ApprovalDto> {
    return this.approvals.get(caller, id);
  }

  @Post(':id/decision')
  @HttpCode(200)
  @Access('editor', 'approvals:write')
  @ApiOperation({
    summary: 'Decide an approval',
    description: 'Once: the first decision counts, every other is a 409. The run goes on with it at once.',
    operationId: 'decideApproval',
  })
  @ApiOkResponse({ type: ApprovalDto })
  @ApiProblems(404, approvalDecided)
  decide(
    @Caller() caller: Principal,
    @IdParam() id: string,
    @Body() decision: ApprovalDecisionDto,
  ): Promise<ApprovalDto> {
    return this.approvals.decide(caller, id, decision);
  }
}
