import { Controller, Get, UseInterceptors } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { ResponseCacheInterceptor } from '../../platform/cache/response-cache.interceptor.js';
import { Access } from '../../platform/http/access.js';
import type { Page } from '../../platform/http/page.js';
import { NodeRegistry, type RegisteredNodeType } from './node.registry.js';
import { NodeTypeDto, NodeTypePageDto } from './node-type.dto.js';

@ApiTags('Workflows')
@Controller('node-types')
export class NodeTypeController {
  private page: Page<NodeTypeDto> | undefined;

  constructor(private readonly types: NodeRegistry) {}

  @Get()
  @UseInterceptors(ResponseCacheInterceptor)
  @Access('viewer', 'workflows:read')
  @ApiOperation({ summary: 'Types of nodes that definitions may use', operationId: 'listNodeTypes' })
  @ApiOkResponse({ type: NodeTypePageDto })
  list(): Page<NodeTypeDto> {
    return (this.page ??= { items: this.offered().map(NodeTypeDto.of), nextCursor: null });
  }

  private offered(): readonly RegisteredNodeType[] {
    return this.types.all().filter(({ internal }) => !internal);
  }
}
