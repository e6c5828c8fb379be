import { Controller, Get } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { Access } from '../platform/http/access.js';
import type { Page } from '../platform/http/page.js';
import { Caller, type Principal } from '../platform/http/principal.js';
import { LLMService } from './llm.service.js';
import { ModelDto, ModelPageDto, ProviderDto, ProviderPageDto } from './model.dto.js';

@ApiTags('Models')
@Controller()
export class ModelController {
  constructor(private readonly llm: LLMService) {}

  @Get('models')
  @Access('viewer', 'models:read')
  @ApiOperation({ summary: 'Models that can be used', operationId: 'listModels' })
  @ApiOkResponse({ type: ModelPageDto })
  async models(@Caller() { workspaceId }: Principal): Promise<Page<ModelDto>> {
    return { items: this.llm.models(await this.llm.keyed(workspaceId)).map(ModelDto.of), nextCursor: null };
  }

  @Get('providers')
  @Access('viewer', 'models:read')
  @ApiOperation({ summary: 'Model providers, configured or not', operationId: 'listProviders' })
  @ApiOkResponse({ type: ProviderPageDto })
  async providers(@Caller() { workspaceId }: Principal): Promise<Page<ProviderDto>> {
    return { items: this.llm.providers(await this.llm.keyed(workspaceId)).map(ProviderDto.of), nextCursor: null };
  }
}
