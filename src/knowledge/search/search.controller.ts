import { Body, Controller, HttpCode, Post, Req } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Request } from 'express';
import { Access } from '../../platform/http/access.js';
import { ApiProblems } from '../../platform/http/api-problems.js';
import { clientGone } from '../../platform/http/client-gone.js';
import { Caller, type Principal } from '../../platform/http/principal.js';
import { Repeatable } from '../../platform/idempotency/idempotency.interceptor.js';
import { embeddingFailed, embeddingModelUnknown, retrievalFailed } from '../knowledge.errors.js';
import { SearchDocumentsDto, SearchResultDto } from './search.dto.js';
import { SearchService } from './search.service.js';

@ApiTags('Knowledge')
@Controller('documents/search')
export class SearchController {
  constructor(private readonly searches: SearchService) {}

  @Post()
  @HttpCode(200)
  @Repeatable()
  @Access('viewer', 'documents:read')
  @ApiOperation({
    summary: 'Search documents',
    description: 'Collections and documents that the workspace does not have hold nothing.',
    operationId: 'searchDocuments',
  })
  @ApiOkResponse({ type: SearchResultDto })
  @ApiProblems(embeddingFailed, embeddingModelUnknown, retrievalFailed)
  search(
    @Caller() caller: Principal,
    @Body() body: SearchDocumentsDto,
    @Req() request: Request,
  ): Promise<SearchResultDto> {
    return this.searches.search(caller, body, clientGone(request));
  }
}
