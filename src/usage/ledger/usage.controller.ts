import { Controller, Get, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { Access } from '../../platform/http/access.js';
import { Caller, type Principal } from '../../platform/http/principal.js';
import { UsagePageDto, UsageQuery } from './usage.dto.js';
import { UsageService } from './usage.service.js';

@ApiTags('Usage')
@Controller('usage')
export class UsageController {
  constructor(private readonly usage: UsageService) {}

  @Get()
  @Access('viewer', 'usage:read')
  @ApiOperation({
    summary: 'What was used, by user, workflow, model or day',
    description: 'Admins see the whole workspace, other members what they have used themselves.',
    operationId: 'listUsage',
  })
  @ApiOkResponse({ type: UsagePageDto })
  list(@Caller() caller: Principal, @Query() query: UsageQuery): Promise<UsagePageDto> {
    return this.usage.list(caller, query);
  }
}
