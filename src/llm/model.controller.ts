import { Controller, Get } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { Access } from '../platform/http/access.js';
import type { Page } from '../platform/http/page.js';
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
  models(): Page<ModelDto> {
    return { items: this.llm.models().map(ModelDto.of), nextCursor: null };
  }

  @Get('providers')
  @Access('viewer', 'models:read')
  @ApiOperation({ summary: 'Model providers, configured or not', operationId: 'listProviders' })
  @ApiOkResponse({ type: ProviderPageDto })
  providers(): Page<ProviderDto> {
    return { items: this.llm.providers().map(ProviderDto.of), nextCursor: null };
  }
}
