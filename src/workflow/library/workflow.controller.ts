import { Body, Controller, Delete, Get, HttpCode, Patch, Post, Put, Query, Res } from '@nestjs/common';
import { ApiCreatedResponse, ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import { Access } from '../../platform/http/access.js';
import { ApiProblems } from '../../platform/http/api-problems.js';
import { IfMatch, type ExpectedVersions } from '../../platform/http/etag.js';
import { IdParam } from '../../platform/http/id.pipe.js';
import { Caller, type Principal } from '../../platform/http/principal.js';
import { ApiIfMatch, created, ETAG, LOCATION, revised } from './revision-headers.js';
import {
  CreateWorkflowDto,
  ListWorkflowsQuery,
  SaveDraftDto,
  UpdateWorkflowDto,
  WorkflowDto,
  WorkflowPageDto,
} from './workflow.dto.js';
import { WorkflowLibrary } from './workflow-library.js';

const READ = 'workflows:read';
const WRITE = 'workflows:write';

@ApiTags('Workflows')
@Controller('workflows')
export class WorkflowController {
  constructor(private readonly library: WorkflowLibrary) {}

  @Post()
  @Access('editor', WRITE)
  @ApiOperation({
    summary: 'Store a workflow',
    description:
      'The definition becomes its draft. Its structure must be right; the rest is checked when it is published. `violations` of a 422 lists what is wrong with it.',
    operationId: 'createWorkflow',
  })
  @ApiCreatedResponse({ type: WorkflowDto, headers: { ...LOCATION, ...ETAG } })
  @ApiProblems(409)
  async create(
    @Caller() caller: Principal,
    @Body() body: CreateWorkflowDto,
    @Res({ passthrough: true }) response: Response,
  ): Promise<WorkflowDto> {
    return created(await this.library.create(caller, body), response);
  }

  @Get()
  @Access('viewer', READ)
  @ApiOperation({
    summary: 'List and search workflows, newest first',
    description: 'Without their definitions, which may be large.',
    operationId: 'listWorkflows',
  })
  @ApiOkResponse({ type: WorkflowPageDto })
  list(@Caller() caller: Principal, @Query() query: ListWorkflowsQuery): Promise<WorkflowPageDto> {
    return this.library.list(caller, query);
  }

  @Get(':id')
  @Access('viewer', READ)
  @ApiOperation({ summary: 'Read a workflow and its draft', operationId: 'getWorkflow' })
  @ApiOkResponse({ type: WorkflowDto, headers: ETAG })
  async get(
    @Caller() caller: Principal,
    @IdParam() id: string,
    @Res({ passthrough: true }) response: Response,
  ): Promise<WorkflowDto> {
    return revised(await this.library.read(caller, id), response);
  }

  @Patch(':id')
  @Access('editor', WRITE)
  @ApiIfMatch()
  @ApiOperation({ summary: 'Change what a workflow is called', operationId: 'updateWorkflow' })
  @ApiOkResponse({ type: WorkflowDto, headers: ETAG })
  @ApiProblems(409, 412)
  async update(
    @Caller() caller: Principal,
    @IdParam() id: string,
    @Body() body: UpdateWorkflowDto,
    @IfMatch() expected: ExpectedVersions,
    @Res({ passthrough: true }) response: Response,
  ): Promise<WorkflowDto> {
    return revised(await this.library.update(caller, id, body, expected), response);
  }

  @Delete(':id')
  @HttpCode(204)
  @Access('editor', WRITE)
  @ApiIfMatch()
  @ApiOperation({
    summary: 'Delete a workflow',
    description: 'Its name is free then. Runs that have begun go on.',
    operationId: 'deleteWorkflow',
  })
  @ApiNoContentResponse({ description: 'Deleted.' })
  @ApiProblems(412)
  delete(@Caller() caller: Principal, @IdParam() id: string, @IfMatch() expected: ExpectedVersions): Promise<void> {
    return this.library.delete(caller, id, expected);
  }

  @Put(':id/draft')
  @Access('editor', WRITE)
  @ApiIfMatch()
  @ApiOperation({
    summary: 'Save the draft of a workflow',
    description:
      'Its structure must be right; the rest is checked when it is published. `violations` of a 422 lists what is wrong.',
    operationId: 'saveWorkflowDraft',
  })
  @ApiOkResponse({ type: WorkflowDto, headers: ETAG })
  @ApiProblems(412)
  async saveDraft(
    @Caller() caller: Principal,
    @IdParam() id: string,
    @Body() { definition }: SaveDraftDto,
    @IfMatch() expected: ExpectedVersions,
    @Res({ passthrough: true }) response: Response,
  ): Promise<WorkflowDto> {
    return revised(await this.library.saveDraft(caller, id, definition, expected), response);
  }
}
