import { Body, Controller, Get, Headers, HttpCode, Param, Patch, Post, Query, Req, Res } from '@nestjs/common';
import { ApiAcceptedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { Access } from '../platform/http/access.js';
import { ApiProblems } from '../platform/http/api-problems.js';
import { clientGone } from '../platform/http/client-gone.js';
import { PageQuery } from '../platform/http/page.js';
import { Caller, type Principal } from '../platform/http/principal.js';
import { CausesRun, Repeatable } from '../platform/idempotency/idempotency.interceptor.js';
import { DirectCalls } from './direct-calls.js';
import { RequiresTool } from './requires-tool.decorator.js';
import { ToolDirectory } from './tool-directory.js';
import {
  AccessCheckDto,
  AccessDto,
  InvokeToolDto,
  ToolCallDto,
  ToolDto,
  ToolPageDto,
  UpdateToolDto,
} from './tool.dto.js';
import { toolArgumentsInvalid, toolQuotaExceeded, toolUnknown } from './tool.errors.js';

@ApiTags('Tools')
@Controller('tools')
export class ToolController {
  constructor(
    private readonly directory: ToolDirectory,
    private readonly calls: DirectCalls,
  ) {}

  @Get()
  @Access('viewer', 'tools:read')
  @ApiOperation({
    summary: 'List the tools of the workspace by name, and whether you may call them',
    operationId: 'listTools',
  })
  @ApiOkResponse({ type: ToolPageDto })
  list(@Caller() caller: Principal, @Query() query: PageQuery): Promise<ToolPageDto> {
    return this.directory.list(caller, query);
  }

  @Post('access-check')
  @HttpCode(200)
  @Repeatable()
  @Access('viewer', 'tools:read')
  @ApiOperation({
    summary: 'Ask whether a call would be let through',
    description: 'Calls nothing and counts nothing. What others may do is for admins to ask.',
    operationId: 'checkToolAccess',
  })
  @ApiOkResponse({ type: AccessDto })
  @ApiProblems(toolUnknown)
  check(@Caller() caller: Principal, @Body() body: AccessCheckDto): Promise<AccessDto> {
    return this.directory.check(caller, body);
  }

  @Get(':name')
  @Access('viewer', 'tools:read')
  @ApiOperation({ summary: 'Read a tool', operationId: 'getTool' })
  @ApiOkResponse({ type: ToolDto })
  @ApiProblems(toolUnknown)
  get(@Caller() caller: Principal, @Param('name') name: string): Promise<ToolDto> {
    return this.directory.get(caller, name);
  }

  @Patch(':name')
  @Access('admin', 'grants:write')
  @ApiOperation({
    summary: 'Switch a tool on or off for the workspace',
    description: 'Holds from the next call on, also for runs that are under way.',
    operationId: 'updateTool',
  })
  @ApiOkResponse({ type: ToolDto })
  @ApiProblems(toolUnknown)
  update(
    @Caller() caller: Principal,
    @Param('name') name: string,
    @Body() { enabled }: UpdateToolDto,
  ): Promise<ToolDto> {
    return this.directory.switch(caller, name, enabled);
  }

  @Post(':name/invoke')
  @HttpCode(200)
  @CausesRun()
  @Access('viewer', 'tools:write')
  @RequiresTool({ param: 'name' })
  @ApiOperation({
    summary: 'Call a tool',
    description:
      'What the tool makes of it is a 200, its failure too. A call that a person must approve first goes on as a run (202): `approval.runId` names it.',
    operationId: 'invokeTool',
  })
  @ApiOkResponse({ type: ToolCallDto })
  @ApiAcceptedResponse({ type: ToolCallDto, description: 'A person must decide first.' })
  @ApiProblems(toolArgumentsInvalid, toolQuotaExceeded)
  async invoke(
    @Caller() caller: Principal,
    @Param('name') tool: string,
    @Body() { arguments: args = {} }: InvokeToolDto,
    @Headers('idempotency-key') idempotencyKey: string | undefined,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<ToolCallDto> {
    const call = await this.calls.make(
      caller,
      { tool, arguments: args },
      { idempotencyKey, signal: clientGone(request) },
    );
    if (call.approval) response.status(202);
    return call;
  }
}
