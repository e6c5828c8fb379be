import { Body, Controller, Delete, Get, Header, HttpCode, Post, Query, Res } from '@nestjs/common';
import { ApiCreatedResponse, ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import { Access } from '../../platform/http/access.js';
import { IdParam } from '../../platform/http/id.pipe.js';
import { pageOf, PageQuery, type Page } from '../../platform/http/page.js';
import { Caller, type Principal } from '../../platform/http/principal.js';
import { ApiKeyDto, CreateApiKeyDto, NewApiKeyDto } from './api-key.dto.js';
import { ApiKeyService } from './api-key.service.js';

@ApiTags('API keys')
@Controller('auth/api-keys')
export class ApiKeyController {
  constructor(private readonly keys: ApiKeyService) {}

  @Get()
  @Access('viewer', 'api-keys:read')
  @ApiOperation({ summary: 'List your API keys, newest first', operationId: 'listApiKeys' })
  @ApiOkResponse({ type: pageOf(ApiKeyDto) })
  list(@Caller() caller: Principal, @Query() query: PageQuery): Promise<Page<ApiKeyDto>> {
    return this.keys.list(caller, query);
  }

  @Post()
  @Header('Cache-Control', 'no-store')
  @Access('viewer', 'api-keys:write')
  @ApiOperation({ summary: 'Make an API key; its text is shown this once', operationId: 'createApiKey' })
  @ApiCreatedResponse({ type: NewApiKeyDto })
  async create(
    @Caller() caller: Principal,
    @Body() body: CreateApiKeyDto,
    @Res({ passthrough: true }) response: Response,
  ): Promise<NewApiKeyDto> {
    const key = await this.keys.create(caller, body);
    response.location(`/api/v1/auth/api-keys/${key.id}`);
    return key;
  }

  @Get(':id')
  @Access('viewer', 'api-keys:read')
  @ApiOperation({ summary: 'Read one of your API keys (never its text)', operationId: 'getApiKey' })
  @ApiOkResponse({ type: ApiKeyDto })
  get(@Caller() caller: Principal, @IdParam() id: string): Promise<ApiKeyDto> {
    return this.keys.get(caller, id);
  }

  @Delete(':id')
  @HttpCode(204)
  @Access('viewer', 'api-keys:write')
  @ApiOperation({ summary: 'Revoke one of your API keys; it is refused at once', operationId: 'revokeApiKey' })
  @ApiNoContentResponse({ description: 'Revoked.' })
  revoke(@Caller() caller: Principal, @IdParam() id: string): Promise<void> {
    return this.keys.revoke(caller, id);
  }
}
