import { Body, Controller, Delete, Get, HttpCode, Param, Post, Put, Query, Res } from '@nestjs/common';
import {
  ApiCreatedResponse,
  ApiHeader,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
  ApiBody,
} from '@nestjs/swagger';
import type { Response } from 'express';
import { Access } from '../../platform/http/access.js';
import { ApiProblems } from '../../platform/http/api-problems.js';
import { attachment } from '../../platform/http/attachment.js';
import { etagOf, IfMatch, type ExpectedVersions } from '../../platform/http/etag.js';
import { PageQuery } from '../../platform/http/page.js';
import { Caller, type Principal } from '../../platform/http/principal.js';
import { requirementsUnmet } from '../workflow.errors.js';
import { CustomTemplateService } from './custom-template.service.js';
import {
  CreateTemplateDto,
  InstantiateTemplateDto,
  ParameterCheckDto,
  TemplateDto,
  TemplateFileDto,
  TemplatePageDto,
  TemplateVersionQuery,
  UpdateTemplateDto,
  ValidateTemplateDto,
} from './template.dto.js';
import { TemplateService } from './template.service.js';
import { WorkflowDto } from '../library/workflow.dto.js';

const READ = 'templates:read';
const WRITE = 'templates:write';

const ETAG = {
  ETag: { description: 'The newest version, for If-Match.', schema: { type: 'string' as const, example: '"1"' } },
};
const LOCATION = {
  Location: { description: 'Where to read it.', schema: { type: 'string' as const, format: 'uri-reference' } },
};

const ApiIfMatch = () =>
  ApiHeader({
    name: 'If-Match',
    required: false,
    description: 'Change it only while it has this entity tag.',
    example: '"1"',
  });

@ApiTags('Templates')
@Controller('templates')
export class TemplateController {
  constructor(
    private readonly templates: TemplateService,
    private readonly custom: CustomTemplateService,
  ) {}

  @Get()
  @Access('viewer', READ)
  @ApiOperation({
    summary: 'List templates, the built-in ones first',
    description: 'Any of them can be named as the workflow of a turn.',
    operationId: 'listTemplates',
  })
  @ApiOkResponse({ type: TemplatePageDto })
  list(@Caller() caller: Principal, @Query() query: PageQuery): Promise<TemplatePageDto> {
    return this.templates.list(caller, query);
  }

  @Post()
  @Access('editor', WRITE)
  @ApiOperation({
    summary: 'Make a template of the workspace',
    description: 'It either extends a template, with other defaults, or has a definition of its own.',
    operationId: 'createTemplate',
  })
  @ApiBody({
    type: CreateTemplateDto,
    examples: { least: { value: { name: 'house_support', extends: 'customer_support' } } },
  })
  @ApiCreatedResponse({ type: TemplateDto, headers: { ...LOCATION, ...ETAG } })
  @ApiProblems(409)
  async create(
    @Caller() caller: Principal,
    @Body() body: CreateTemplateDto,
    @Res({ passthrough: true }) response: Response,
  ): Promise<TemplateDto> {
    return this.made(caller, await this.custom.create(caller, body), response);
  }

  @Post('import')
  @Access('editor', WRITE)
  @ApiOperation({
    summary: 'Make the templates of an exported file',
    description: 'Templates that are there already, and say the same, stay as they are.',
    operationId: 'importTemplate',
  })
  @ApiCreatedResponse({ type: TemplateDto, headers: { ...LOCATION, ...ETAG } })
  @ApiProblems(409)
  async import(
    @Caller() caller: Principal,
    @Body() body: TemplateFileDto,
    @Res({ passthrough: true }) response: Response,
  ): Promise<TemplateDto> {
    return this.made(caller, await this.custom.import(caller, body), response);
  }

  @Get(':name')
  @Access('viewer', READ)
  @ApiOperation({
    summary: 'Read a template: its parameters, and whether what it needs is there',
    operationId: 'getTemplate',
  })
  @ApiOkResponse({ type: TemplateDto, headers: ETAG })
  get(
    @Caller() caller: Principal,
    @Param('name') name: string,
    @Query() { version }: TemplateVersionQuery,
    @Res({ passthrough: true }) response: Response,
  ): Promise<TemplateDto> {
    return this.shown(caller, name, response, version);
  }

  @Put(':name')
  @Access('editor', WRITE)
  @ApiIfMatch()
  @ApiOperation({
    summary: 'Make a new version of a template',
    description: 'Older versions stay, and run as name@version.',
    operationId: 'updateTemplate',
  })
  @ApiOkResponse({ type: TemplateDto, headers: ETAG })
  @ApiProblems(409, 412)
  async update(
    @Caller() caller: Principal,
    @Param('name') name: string,
    @Body() body: UpdateTemplateDto,
    @IfMatch() expected: ExpectedVersions,
    @Res({ passthrough: true }) response: Response,
  ): Promise<TemplateDto> {
    await this.custom.update(caller, name, body, expected);
    return this.shown(caller, name, response);
  }

  @Delete(':name')
  @HttpCode(204)
  @Access('editor', WRITE)
  @ApiIfMatch()
  @ApiOperation({
    summary: 'Delete a template with all its versions',
    description: 'Not while others extend it. Runs of it are not touched.',
    operationId: 'deleteTemplate',
  })
  @ApiNoContentResponse({ description: 'Deleted.' })
  @ApiProblems(409, 412)
  delete(
    @Caller() caller: Principal,
    @Param('name') name: string,
    @IfMatch() expected: ExpectedVersions,
  ): Promise<void> {
    return this.custom.delete(caller, name, expected);
  }

  @Post(':name/validate')
  @HttpCode(200)
  @Access('viewer', READ)
  @ApiOperation({ summary: 'Check parameters of a template, by name or name@version', operationId: 'validateTemplate' })
  @ApiOkResponse({ type: ParameterCheckDto })
  validate(
    @Caller() caller: Principal,
    @Param('name') name: string,
    @Body() { parameters = {} }: ValidateTemplateDto,
  ): Promise<ParameterCheckDto> {
    return this.templates.validate(caller, name, parameters);
  }

  @Post(':name/instantiate')
  @Access('editor', WRITE)
  @ApiOperation({
    summary: 'Make a workflow of a template, by name or name@version',
    description: 'The workflow is an ordinary one from then on: later versions of the template do not change it.',
    operationId: 'instantiateTemplate',
  })
  @ApiCreatedResponse({ type: WorkflowDto, headers: LOCATION })
  @ApiProblems(409, requirementsUnmet)
  async instantiate(
    @Caller() caller: Principal,
    @Param('name') name: string,
    @Body() body: InstantiateTemplateDto,
    @Res({ passthrough: true }) response: Response,
  ): Promise<WorkflowDto> {
    const workflow = await this.templates.instantiate(caller, name, body);
    response.location(`/api/v1/workflows/${workflow.id}`);
    return workflow;
  }

  @Get(':name/export')
  @Access('viewer', READ)
  @ApiOperation({
    summary: 'Download a template of the workspace, with those it extends',
    operationId: 'exportTemplate',
  })
  @ApiOkResponse({
    type: TemplateFileDto,
    headers: { 'Content-Disposition': { description: 'A file name.', schema: { type: 'string' } } },
  })
  @ApiProblems(409)
  async export(
    @Caller() caller: Principal,
    @Param('name') name: string,
    @Query() { version }: TemplateVersionQuery,
    @Res({ passthrough: true }) response: Response,
  ): Promise<TemplateFileDto> {
    const file = await this.custom.export(caller, name, version);
    response.set('Content-Disposition', attachment(name, 'json'));
    return file;
  }

  private async made(caller: Principal, name: string, response: Response): Promise<TemplateDto> {
    response.location(`/api/v1/templates/${name}`);
    return this.shown(caller, name, response);
  }

  private async shown(caller: Principal, name: string, response: Response, version?: number): Promise<TemplateDto> {
    const template = await this.templates.show(caller, name, version);
    if (template.latestVersion !== undefined) response.set('ETag', etagOf(template.latestVersion));
    return template;
  }
}
