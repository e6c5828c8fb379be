import { Body, Controller, Get, Patch, Post, Query, Res } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import { Access } from '../../platform/http/access.js';
import { IdParam } from '../../platform/http/id.pipe.js';
import { pageOf, PageQuery, type Page } from '../../platform/http/page.js';
import { Caller, type Principal } from '../../platform/http/principal.js';
import { CreateWorkspaceDto, UpdateWorkspaceDto, WorkspaceDto } from './workspace.dto.js';
import { WorkspaceService } from './workspace.service.js';

@ApiTags('Workspaces')
@Controller('workspaces')
export class WorkspaceController {
  constructor(private readonly workspaces: WorkspaceService) {}

  @Get()
  @Access('viewer', 'workspaces:read')
  @ApiOperation({ summary: 'List the workspaces you are a member of', operationId: 'listWorkspaces' })
  @ApiOkResponse({ type: pageOf(WorkspaceDto) })
  list(@Caller() caller: Principal, @Query() query: PageQuery): Promise<Page<WorkspaceDto>> {
    return this.workspaces.list(caller, query);
  }

  @Post()
  @Access('viewer', 'workspaces:write')
  @ApiOperation({ summary: 'Make a workspace, as its owner', operationId: 'createWorkspace' })
  @ApiCreatedResponse({ type: WorkspaceDto })
  async create(
    @Caller() caller: Principal,
    @Body() body: CreateWorkspaceDto,
    @Res({ passthrough: true }) response: Response,
  ): Promise<WorkspaceDto> {
    const workspace = await this.workspaces.create(caller, body);
    response.location(`/api/v1/workspaces/${workspace.id}`);
    return workspace;
  }

  @Get(':id')
  @Access('viewer', 'workspaces:read')
  @ApiOperation({ summary: 'Read a workspace you are a member of', operationId: 'getWorkspace' })
  @ApiOkResponse({ type: WorkspaceDto })
  get(@Caller() caller: Principal, @IdParam() id: string): Promise<WorkspaceDto> {
    return this.workspaces.get(caller, id);
  }

  @Patch(':id')
  @Access('viewer', 'workspaces:write')
  @ApiOperation({
    summary: 'Rename a workspace you administer, or set what it does with secrets in content',
    operationId: 'updateWorkspace',
  })
  @ApiOkResponse({ type: WorkspaceDto })
  update(@Caller() caller: Principal, @IdParam() id: string, @Body() body: UpdateWorkspaceDto): Promise<WorkspaceDto> {
    return this.workspaces.update(caller, id, body);
  }
}
