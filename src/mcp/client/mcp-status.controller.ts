import { Controller, Get } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { Access } from '../../platform/http/access.js';
import { Caller, type Principal } from '../../platform/http/principal.js';
import { McpStatusDto } from './mcp-status.dto.js';
import { McpStatusReader } from './mcp-status.js';

@ApiTags('MCP')
@Controller('mcp/status')
export class McpStatusController {
  constructor(private readonly status: McpStatusReader) {}

  @Get()
  @Access('viewer', 'mcp-servers:read')
  @ApiOperation({
    summary: 'How the MCP servers are',
    description: 'As they were when they were last asked; nothing is sent to them for it.',
    operationId: 'getMcpStatus',
  })
  @ApiOkResponse({ type: McpStatusDto })
  read(@Caller() { workspaceId }: Principal): Promise<McpStatusDto> {
    return this.status.read(workspaceId);
  }
}
