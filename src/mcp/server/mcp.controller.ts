import { Controller, Delete, Get, HttpCode, Post, Req, UseGuards } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { Request as HttpRequest } from 'express';
import { Access } from '../../platform/http/access.js';
import { Caller, type Principal } from '../../platform/http/principal.js';
import { Repeatable } from '../../platform/idempotency/idempotency.interceptor.js';
import { methodNotAllowed } from '../../platform/problem/http.errors.js';
import { McpOriginGuard } from './mcp-origin.guard.js';
import { McpServerService } from './mcp-server.service.js';

/**
 * Our own MCP server (Streamable HTTP): what the caller may call here, as tools. What is sent and answered is the
 * protocol's matter and described there, so the OpenAPI document leaves it out.
 */
@ApiExcludeController()
@Controller('mcp')
@UseGuards(McpOriginGuard)
export class McpController {
  constructor(private readonly server: McpServerService) {}

  @Post()
  @HttpCode(200)
  @Access('viewer', 'mcp:write')
  @Repeatable()
  post(@Caller() caller: Principal, @Req() request: HttpRequest): Promise<Response> {
    return this.server.answer(caller, request);
  }

  @Get()
  @Access('viewer', 'mcp:write')
  get(): never {
    throw postOnly('The server sends nothing on its own.');
  }

  @Delete()
  @Access('viewer', 'mcp:write')
  delete(): never {
    throw postOnly('The server keeps no session.');
  }
}

const postOnly = (why: string) => methodNotAllowed(`${why} Send messages by POST.`, { headers: { Allow: 'POST' } });
