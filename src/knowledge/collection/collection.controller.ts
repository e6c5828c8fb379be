import { Body, Controller, Delete, Get, HttpCode, Post, Query, Res } from '@nestjs/common';
import { ApiCreatedResponse, ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import { Access } from '../../platform/http/access.js';
import { ApiProblems } from '../../platform/http/api-problems.js';
import { IdParam } from '../../platform/http/id.pipe.js';
import { PageQuery } from '../../platform/http/page.js';
import { Caller, type Principal } from '../../platform/http/principal.js';
import { embeddingModelUnknown } from '../knowledge.errors.js';
import { CollectionDto, CollectionPageDto, CreateCollectionDto } from './collection.dto.js';
import { CollectionService } from './collection.service.js';

@ApiTags('Knowledge')
@Controller('collections')
export class CollectionController {
  constructor(private readonly collections: CollectionService) {}

  @Post()
  @Access('editor', 'documents:write')
  @ApiOperation({ summary: 'Create a collection', operationId: 'createCollection' })
  @ApiCreatedResponse({
    type: CollectionDto,
    headers: { Location: { description: 'Where it is listed.', schema: { type: 'string', format: 'uri-reference' } } },
  })
  @ApiProblems(409, embeddingModelUnknown)
  async create(
    @Caller() caller: Principal,
    @Body() body: CreateCollectionDto,
    @Res({ passthrough: true }) response: Response,
  ): Promise<CollectionDto> {
    response.set('Location', '/api/v1/collections');
    return this.collections.create(caller, body);
  }

  @Get()
  @Access('viewer', 'documents:read')
  @ApiOperation({ summary: 'List collections, newest first', operationId: 'listCollections' })
  @ApiOkResponse({ type: CollectionPageDto })
  list(@Caller() caller: Principal, @Query() query: PageQuery): Promise<CollectionPageDto> {
    return this.collections.list(caller, query);
  }

  @Delete(':id')
  @HttpCode(204)
  @Access('editor', 'documents:write')
  @ApiOperation({ summary: 'Delete a collection with all its documents', operationId: 'deleteCollection' })
  @ApiNoContentResponse({ description: 'Deleted.' })
  delete(@Caller() caller: Principal, @IdParam() id: string): Promise<void> {
    return this.collections.delete(caller, id);
  }
}
