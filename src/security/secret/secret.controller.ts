import { Body, Controller, Delete, Get, HttpCode, Post, Query, Res } from '@nestjs/common';
import { ApiCreatedResponse, ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import { Access } from '../../platform/http/access.js';
import { ApiProblems } from '../../platform/http/api-problems.js';
import { IdParam } from '../../platform/http/id.pipe.js';
import { pageOf, PageQuery, type Page } from '../../platform/http/page.js';
import { Caller, type Principal } from '../../platform/http/principal.js';
import { CreateSecretDto, RotateSecretDto, SecretDto } from './secret.dto.js';
import { SecretService } from './secret.service.js';

@ApiTags('Secrets')
@Controller('secrets')
export class SecretController {
  constructor(private readonly secrets: SecretService) {}

  @Get()
  @Access('admin', 'secrets:read')
  @ApiOperation({
    summary: 'List the secrets of the workspace, newest first, without values',
    operationId: 'listSecrets',
  })
  @ApiOkResponse({ type: pageOf(SecretDto) })
  list(@Caller() caller: Principal, @Query() query: PageQuery): Promise<Page<SecretDto>> {
    return this.secrets.list(caller, query);
  }

  @Post()
  @Access('admin', 'secrets:write')
  @ApiOperation({
    summary: 'Keep a secret for certain hosts',
    description: 'The value is stored encrypted, sent to these hosts only, and never answered.',
    operationId: 'createSecret',
  })
  @ApiCreatedResponse({ type: SecretDto })
  @ApiProblems(409)
  async create(
    @Caller() caller: Principal,
    @Body() body: CreateSecretDto,
    @Res({ passthrough: true }) response: Response,
  ): Promise<SecretDto> {
    const secret = await this.secrets.create(caller, body);
    response.location(`/api/v1/secrets/${secret.id}`);
    return secret;
  }

  @Get(':id')
  @Access('admin', 'secrets:read')
  @ApiOperation({ summary: 'Read what is known of a secret, without its value', operationId: 'getSecret' })
  @ApiOkResponse({ type: SecretDto })
  get(@Caller() caller: Principal, @IdParam() id: string): Promise<SecretDto> {
    return this.secrets.get(caller, id);
  }

  @Post(':id/rotate')
  @HttpCode(200)
  @Access('admin', 'secrets:write')
  @ApiOperation({ summary: 'Give a secret a new value; the old one is gone', operationId: 'rotateSecret' })
  @ApiOkResponse({ type: SecretDto })
  rotate(@Caller() caller: Principal, @IdParam() id: string, @Body() body: RotateSecretDto): Promise<SecretDto> {
    return this.secrets.rotate(caller, id, body);
  }

  @Delete(':id')
  @HttpCode(204)
  @Access('admin', 'secrets:write')
  @ApiOperation({ summary: 'Remove a secret; what needs it fails from now on', operationId: 'deleteSecret' })
  @ApiNoContentResponse({ description: 'Removed.' })
  remove(@Caller() caller: Principal, @IdParam() id: string): Promise<void> {
    return this.secrets.remove(caller, id);
  }
}
