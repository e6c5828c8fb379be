import { Body, Controller, Get, HttpCode, Post, Query, Res } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import { Access } from '../../platform/http/access.js';
import { ApiProblems } from '../../platform/http/api-problems.js';
import { IfMatch, type ExpectedVersions } from '../../platform/http/etag.js';
import { IdParam } from '../../platform/http/id.pipe.js';
import { PageQuery } from '../../platform/http/page.js';
import { Caller, type Principal } from '../../platform/http/principal.js';
import { DefinitionDiffDto, DiffQuery, toReference } from './diff.dto.js';
import { ApiIfMatch, ETAG, LOCATION, pathOf, revised } from './revision-headers.js';
import { PublishDto, RollbackDto, VersionDto, VersionPageDto } from './version.dto.js';
import { ApiVersionParam, VersionParam } from './version.pipe.js';
import { WorkflowDto } from './workflow.dto.js';
import { WorkflowVersions } from './workflow-versions.js';

const READ = 'workflows:read';
const WRITE = 'workflows:write';

@ApiTags('Workflows')
@Controller('workflows/:id')
export class VersionController {
  constructor(private readonly versions: WorkflowVersions) {}

  @Post('publish')
  @Access('editor', WRITE)
  @ApiIfMatch()
  @ApiOperation({
    summary: 'Publish the draft as the next version',
    description:
      'The version never changes, and the name of the workflow runs it from now on. A draft that is not valid is a 422 whose `violations` list everything that is wrong.',
    operationId: 'publishWorkflow',
  })
  @ApiCreatedResponse({ type: VersionDto, headers: LOCATION })
  @ApiProblems(409, 412)
  async publish(
    @Caller() caller: Principal,
    @IdParam() id: string,
    @Body() { note }: PublishDto,
    @IfMatch() expected: ExpectedVersions,
    @Res({ passthrough: true }) response: Response,
  ): Promise<VersionDto> {
    const version = await this.versions.publish(caller, id, note, expected);
    response.set('Location', `${pathOf(id)}/versions/${version.version}`);
    return version;
  }

  @Get('versions')
  @Access('viewer', READ)
  @ApiOperation({
    summary: 'List the versions of a workflow, newest first',
    description: 'Without their definitions, which may be large.',
    operationId: 'listWorkflowVersions',
  })
  @ApiOkResponse({ type: VersionPageDto })
  list(@Caller() caller: Principal, @IdParam() id: string, @Query() query: PageQuery): Promise<VersionPageDto> {
    return this.versions.list(caller, id, query);
  }

  @Get('versions/:version')
  @Access('viewer', READ)
  @ApiVersionParam()
  @ApiOperation({ summary: 'Read a version of a workflow', operationId: 'getWorkflowVersion' })
  @ApiOkResponse({ type: VersionDto })
  get(@Caller() caller: Principal, @IdParam() id: string, @VersionParam() version: number): Promise<VersionDto> {
    return this.versions.read(caller, id, version);
  }

  @Post('rollback')
  @HttpCode(200)
  @Access('editor', WRITE)
  @ApiIfMatch()
  @ApiOperation({
    summary: 'Let the name of a workflow run another version',
    description: 'An earlier or a later one. Runs that have begun stay on theirs, and the draft stays as it is.',
    operationId: 'rollbackWorkflow',
  })
  @ApiOkResponse({ type: WorkflowDto, headers: ETAG })
  @ApiProblems(412)
  async rollback(
    @Caller() caller: Principal,
    @IdParam() id: string,
    @Body() { version }: RollbackDto,
    @IfMatch() expected: ExpectedVersions,
    @Res({ passthrough: true }) response: Response,
  ): Promise<WorkflowDto> {
    return revised(await this.versions.rollback(caller, id, version, expected), response);
  }

  @Get('diff')
  @Access('viewer', READ)
  @ApiOperation({
    summary: 'Compare two versions of a workflow, or one with the draft',
    description: 'By what they mean: nodes, branches and children by id, edges, and everything else by its place.',
    operationId: 'diffWorkflow',
  })
  @ApiOkResponse({ type: DefinitionDiffDto })
  diff(
    @Caller() caller: Principal,
    @IdParam() id: string,
    @Query() { from, to }: DiffQuery,
  ): Promise<DefinitionDiffDto> {
    return this.versions.diff(caller, id, toReference(from), toReference(to));
  }
}
