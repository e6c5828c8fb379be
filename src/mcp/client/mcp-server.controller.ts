import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Post, Query, Res } from '@nestjs/common';
import { ApiCreatedResponse, ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import { Access } from '../../platform/http/access.js';
import { ApiProblems } from '../../platform/http/api-problems.js';
import { IdParam } from '../../platform/http/id.pipe.js';
import { PageQuery } from '../../platform/http/page.js';
import { Caller, type Principal } from '../../platform/http/principal.js';
import { AnswersAfterCommit } from '../../platform/idempotency/idempotency.interceptor.js';
import { McpApprovals } from './mcp-approvals.js';
import {
  ApproveMcpToolDto,
  CreateMcpServerDto,
  McpServerDto,
  McpServerPageDto,
  McpToolDto,
  UpdateMcpServerDto,
} from './mcp-server.dto.js';
import { McpServers } from './mcp-servers.js';

const READ = 'mcp-servers:read';
const WRITE = 'mcp-servers:write';

@ApiTags('MCP')
@Controller('mcp/servers')
export class McpServerController {
  constructor(
    private readonly servers: McpServers,
    private readonly approvals: McpApprovals,
  ) {}

  @Post()
  @AnswersAfterCommit()
  @Access('admin', WRITE)
  @ApiOperation({
    summary: 'Register an MCP server',
    description:
      'It is asked for its tools at once; what it lists then is approved, what it adds or changes later is not. One that does not answer is registered too, and its `error` says why. An address that may not be reached is a 422.',
    operationId: 'createMcpServer',
  })
  @ApiCreatedResponse({
    type: McpServerDto,
    headers: { Location: { description: 'Where to read it.', schema: { type: 'string', format: 'uri-reference' } } },
  })
  @ApiProblems(409)
  async create(
    @Caller() caller: Principal,
    @Body() body: CreateMcpServerDto,
    @Res({ passthrough: true }) response: Response,
  ): Promise<McpServerDto> {
    const server = await this.servers.create(caller, body);
    response.set('Location', `/api/v1/mcp/servers/${server.id}`);
    return server;
  }

  @Get()
  @Access('admin', READ)
  @ApiOperation({ summary: 'List the MCP servers, by name', operationId: 'listMcpServers' })
  @ApiOkResponse({ type: McpServerPageDto })
  list(@Caller() caller: Principal, @Query() query: PageQuery): Promise<McpServerPageDto> {
    return this.servers.list(caller, query);
  }

  @Get(':id')
  @Access('admin', READ)
  @ApiOperation({
    summary: 'Read an MCP server and its tools',
    description: 'With what is different about tools that changed since they were approved.',
    operationId: 'getMcpServer',
  })
  @ApiOkResponse({ type: McpServerDto })
  get(@Caller() caller: Principal, @IdParam() id: string): Promise<McpServerDto> {
    return this.servers.read(caller, id);
  }

  @Patch(':id')
  @Access('admin', WRITE)
  @ApiOperation({
    summary: 'Change an MCP server',
    description: 'It is asked for its tools at once. Approvals stay: a tool that is another there must be approved.',
    operationId: 'updateMcpServer',
  })
  @ApiOkResponse({ type: McpServerDto })
  @ApiProblems(409)
  update(@Caller() caller: Principal, @IdParam() id: string, @Body() body: UpdateMcpServerDto): Promise<McpServerDto> {
    return this.servers.update(caller, id, body);
  }

  @Delete(':id')
  @HttpCode(204)
  @Access('admin', WRITE)
  @ApiOperation({ summary: 'Remove an MCP server and its tools', operationId: 'deleteMcpServer' })
  @ApiNoContentResponse({ description: 'Removed.' })
  @ApiProblems(409)
  delete(@Caller() caller: Principal, @IdParam() id: string): Promise<void> {
    return this.servers.delete(caller, id);
  }

  @Post(':id/refresh')
  @HttpCode(200)
  @Access('admin', WRITE)
  @ApiOperation({
    summary: 'Ask an MCP server for its tools now',
    description: 'Answers 200 also when it cannot be reached; `error` says why.',
    operationId: 'refreshMcpServer',
  })
  @ApiOkResponse({ type: McpServerDto })
  refresh(@Caller() caller: Principal, @IdParam() id: string): Promise<McpServerDto> {
    return this.servers.refresh(caller, id);
  }

  @Post(':id/enable')
  @HttpCode(200)
  @AnswersAfterCommit()
  @Access('admin', WRITE)
  @ApiOperation({ summary: 'Let the tools of an MCP server be called again', operationId: 'enableMcpServer' })
  @ApiOkResponse({ type: McpServerDto })
  enable(@Caller() caller: Principal, @IdParam() id: string): Promise<McpServerDto> {
    return this.servers.enable(caller, id);
  }

  @Post(':id/disable')
  @HttpCode(200)
  @Access('admin', WRITE)
  @ApiOperation({
    summary: 'Switch off an MCP server',
    description: 'Nothing is sent to it any more, and its tools cannot be called.',
    operationId: 'disableMcpServer',
  })
  @ApiOkResponse({ type: McpServerDto })
  disable(@Caller() caller: Principal, @IdParam() id: string): Promise<McpServerDto> {
    return this.servers.disable(caller, id);
  }

  @Post(':id/tools/:tool/approve')
  @HttpCode(200)
  @Access('admin', WRITE)
  @ApiOperation({
    summary: 'Approve a tool as its server describes it now',
    description: 'A tool that changes while you decide is a 409 when you send the `hash` you saw.',
    operationId: 'approveMcpTool',
  })
  @ApiOkResponse({ type: McpToolDto })
  @ApiProblems(409)
  approve(
    @Caller() caller: Principal,
    @IdParam() id: string,
    @Param('tool') tool: string,
    @Body() body: ApproveMcpToolDto,
  ): Promise<McpToolDto> {
    return this.approvals.approve(caller, id, tool, body);
  }
}
