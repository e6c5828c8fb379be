import { Body, Controller, Delete, Get, HttpCode, Patch, Post, Query, Res } from '@nestjs/common';
import {
  ApiBody,
  ApiCreatedResponse,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
} from '@nestjs/swagger';
import type { Response } from 'express';
import { Access } from '../../platform/http/access.js';
import { ApiProblems } from '../../platform/http/api-problems.js';
import { IdParam } from '../../platform/http/id.pipe.js';
import { PageQuery } from '../../platform/http/page.js';
import { Caller, type Principal } from '../../platform/http/principal.js';
import { CreateGrantDto, GrantDto, GrantPageDto, UpdateGrantDto } from './grant.dto.js';
import { GrantService } from './grant.service.js';

@ApiTags('Tools')
@Controller('tools/grants')
export class GrantController {
  constructor(private readonly grants: GrantService) {}

  @Get()
  @Access('admin', 'grants:read')
  @ApiOperation({ summary: 'List the grants of tools, newest first', operationId: 'listToolGrants' })
  @ApiOkResponse({ type: GrantPageDto })
  list(@Caller() caller: Principal, @Query() query: PageQuery): Promise<GrantPageDto> {
    return this.grants.list(caller, query);
  }

  @Post()
  @Access('admin', 'grants:write')
  @ApiOperation({
    summary: 'Grant tools to a member or a role, or deny them',
    description:
      'Of several grants the first of these decides: user and tool, user and pattern, user and server, role and tool, role and pattern, role and server. Without one a call is denied; built-in tools that only read are open to every member.',
    operationId: 'createToolGrant',
  })
  @ApiBody({
    type: CreateGrantDto,
    examples: { least: { value: { role: 'editor', tool: 'createTicket', level: 'execute' } } },
  })
  @ApiCreatedResponse({ type: GrantDto })
  @ApiProblems(409)
  async create(
    @Caller() caller: Principal,
    @Body() body: CreateGrantDto,
    @Res({ passthrough: true }) response: Response,
  ): Promise<GrantDto> {
    const grant = await this.grants.create(caller, body);
    response.location(`/api/v1/tools/grants/${grant.id}`);
    return grant;
  }

  @Get(':id')
  @Access('admin', 'grants:read')
  @ApiOperation({ summary: 'Read a grant', operationId: 'getToolGrant' })
  @ApiOkResponse({ type: GrantDto })
  get(@Caller() caller: Principal, @IdParam() id: string): Promise<GrantDto> {
    return this.grants.get(caller, id);
  }

  @Patch(':id')
  @Access('admin', 'grants:write')
  @ApiOperation({
    summary: 'Change the level, the expiry or the quota of a grant',
    description: 'Holds from the next call on, also for runs that wait for an approval.',
    operationId: 'updateToolGrant',
  })
  @ApiOkResponse({ type: GrantDto })
  update(@Caller() caller: Principal, @IdParam() id: string, @Body() body: UpdateGrantDto): Promise<GrantDto> {
    return this.grants.update(caller, id, body);
  }

  @Delete(':id')
  @HttpCode(204)
  @Access('admin', 'grants:write')
  @ApiOperation({ summary: 'Delete a grant', operationId: 'deleteToolGrant' })
  @ApiNoContentResponse({ description: 'Deleted.' })
  remove(@Caller() caller: Principal, @IdParam() id: string): Promise<void> {
    return this.grants.remove(caller, id);
  }
}
