import { Body, Controller, Delete, Get, HttpCode, Post, Query, Req, Res, UseGuards } from '@nestjs/common';
import {
  ApiAcceptedResponse,
  ApiConsumes,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
} from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { Access } from '../../platform/http/access.js';
import { ApiProblems } from '../../platform/http/api-problems.js';
import type { EventStream } from '../../platform/http/event-stream.js';
import { IdParam } from '../../platform/http/id.pipe.js';
import { lastEventId } from '../../platform/http/last-event-id.js';
import { PageQuery } from '../../platform/http/page.js';
import { Caller, type Principal } from '../../platform/http/principal.js';
import { documentTooLarge, embeddingModelUnknown, uploadMalformed } from '../knowledge.errors.js';
import { ChunkPageDto, CreateDocumentDto, DocumentDto, DocumentPageDto, ListDocumentsQuery } from './document.dto.js';
import { DocumentProgress } from './document-progress.js';
import { DocumentService } from './document.service.js';
import { Uploaded, type Upload } from './upload.js';
import { UploadGuard } from './upload.guard.js';

const READ = 'documents:read';
const WRITE = 'documents:write';

const LOCATION = {
  Location: { description: 'Where to read it.', schema: { type: 'string' as const, format: 'uri-reference' } },
};

@ApiTags('Knowledge')
@Controller('documents')
export class DocumentController {
  constructor(
    private readonly documents: DocumentService,
    private readonly progress: DocumentProgress,
  ) {}

  @Post()
  @HttpCode(202)
  @UseGuards(UploadGuard)
  @Access('editor', WRITE)
  @ApiConsumes('application/json', 'multipart/form-data')
  @ApiOperation({
    summary: 'Add a document',
    description:
      'Its text in JSON, or a file in the multipart field "file" with title, collection and metadata as fields. It is read, cut and embedded afterwards: follow its events, or read it until it is ready or failed.',
    operationId: 'createDocument',
  })
  @ApiAcceptedResponse({ type: DocumentDto, headers: LOCATION })
  @ApiProblems(documentTooLarge, uploadMalformed, embeddingModelUnknown)
  async create(
    @Caller() caller: Principal,
    @Body() body: CreateDocumentDto,
    @Uploaded() upload: Upload | undefined,
    @Res({ passthrough: true }) response: Response,
  ): Promise<DocumentDto> {
    return located(await this.documents.create(caller, body, upload), response);
  }

  @Get()
  @Access('viewer', READ)
  @ApiOperation({ summary: 'List documents, newest first', operationId: 'listDocuments' })
  @ApiOkResponse({ type: DocumentPageDto })
  list(@Caller() caller: Principal, @Query() query: ListDocumentsQuery): Promise<DocumentPageDto> {
    return this.documents.list(caller, query);
  }

  @Get(':id')
  @Access('viewer', READ)
  @ApiOperation({ summary: 'Read what a document is and how far it is', operationId: 'getDocument' })
  @ApiOkResponse({ type: DocumentDto })
  get(@Caller() caller: Principal, @IdParam() id: string): Promise<DocumentDto> {
    return this.documents.read(caller, id);
  }

  @Get(':id/events')
  @Access('viewer', READ)
  @ApiOperation({
    summary: 'Follow the states of a document',
    description:
      'An event for its present state (its type is the status) and for each that follows, until it is ready, failed or deleted. Last-Event-ID leaves out what was read before.',
    operationId: 'followDocument',
  })
  @ApiOkResponse({ description: 'The events.', content: { 'text/event-stream': { schema: { type: 'string' } } } })
  events(@Caller() caller: Principal, @IdParam() id: string, @Req() request: Request): Promise<EventStream> {
    return this.progress.stream(caller, id, lastEventId(request.header('last-event-id')) ?? 0);
  }

  @Get(':id/chunks')
  @Access('viewer', READ)
  @ApiOperation({ summary: 'Read the chunks of a document in their order', operationId: 'listChunks' })
  @ApiOkResponse({ type: ChunkPageDto })
  chunks(@Caller() caller: Principal, @IdParam() id: string, @Query() query: PageQuery): Promise<ChunkPageDto> {
    return this.documents.chunks(caller, id, query);
  }

  @Post(':id/reprocess')
  @HttpCode(202)
  @Access('editor', WRITE)
  @ApiOperation({ summary: 'Process a document again', operationId: 'reprocessDocument' })
  @ApiAcceptedResponse({ type: DocumentDto, headers: LOCATION })
  @ApiProblems(409)
  async reprocess(
    @Caller() caller: Principal,
    @IdParam() id: string,
    @Res({ passthrough: true }) response: Response,
  ): Promise<DocumentDto> {
    return located(await this.documents.reprocess(caller, id), response);
  }

  @Delete(':id')
  @HttpCode(204)
  @Access('editor', WRITE)
  @ApiOperation({ summary: 'Delete a document and all it is found by', operationId: 'deleteDocument' })
  @ApiNoContentResponse({ description: 'Deleted.' })
  delete(@Caller() caller: Principal, @IdParam() id: string): Promise<void> {
    return this.documents.delete(caller, id);
  }
}

function located(document: DocumentDto, response: Response): DocumentDto {
  response.set('Location', `/api/v1/documents/${document.id}`);
  return document;
}
