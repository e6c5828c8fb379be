import { Body, Controller, Get, Post, Query, Res } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import { Access } from '../../platform/http/access.js';
import { ApiProblems } from '../../platform/http/api-problems.js';
import { attachment } from '../../platform/http/attachment.js';
import { IdParam } from '../../platform/http/id.pipe.js';
import { Caller, type Principal } from '../../platform/http/principal.js';
import { created, ETAG, LOCATION } from './revision-headers.js';
import { ImportQuery, WorkflowDocumentDto } from './transfer.dto.js';
import { WorkflowDto } from './workflow.dto.js';
import { WorkflowTransfer, type WorkflowDocument } from './workflow-transfer.js';

@ApiTags('Workflows')
@Controller('workflows')
export class TransferController {
  constructor(private readonly transfer: WorkflowTransfer) {}

  @Get(':id/export')
  @Access('viewer', 'workflows:read')
  @ApiOperation({
    summary: 'Download a workflow',
    description: 'Its name, description, tags and draft; no versions, and nothing that belongs to this server.',
    operationId: 'exportWorkflow',
  })
  @ApiOkResponse({
    type: WorkflowDocumentDto,
    headers: {
      'Content-Disposition': {
        description: 'A file name made of the name.',
        schema: { type: 'string', example: `attachment; filename="triage.json"; filename*=UTF-8''triage.json` },
      },
    },
  })
  async export(
    @Caller() caller: Principal,
    @IdParam() id: string,
    @Res({ passthrough: true }) response: Response,
  ): Promise<WorkflowDocument> {
    const document = await this.transfer.export(caller, id);
    response.set('Content-Disposition', attachment(document.name, 'json'));
    return document;
  }

  @Post('import')
  @Access('editor', 'workflows:write')
  @ApiOperation({
    summary: 'Store a downloaded workflow as a new one',
    description:
      'It becomes a draft. Nothing is run, published or connected to: what it refers to is checked when it is published.',
    operationId: 'importWorkflow',
  })
  @ApiCreatedResponse({ type: WorkflowDto, headers: { ...LOCATION, ...ETAG } })
  @ApiProblems(409)
  async import(
    @Caller() caller: Principal,
    @Query() { name }: ImportQuery,
    @Body() document: WorkflowDocumentDto,
    @Res({ passthrough: true }) response: Response,
  ): Promise<WorkflowDto> {
    return created(await this.transfer.import(caller, document, name), response);
  }
}
