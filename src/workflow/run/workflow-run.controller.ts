import { Body, Controller, Post, Req, Res } from '@nestjs/common';
import { ApiBody, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import type { EventStream } from '../../platform/http/event-stream.js';
import { IdParam } from '../../platform/http/id.pipe.js';
import { Caller, type Principal } from '../../platform/http/principal.js';
import { RunLauncher } from './run-launcher.js';
import { RunInputDto, type RunReplyDto } from './run-request.dto.js';
import { launched, StartsRun } from './starts-run.decorator.js';

@ApiTags('Workflows')
@Controller('workflows')
export class WorkflowRunController {
  constructor(private readonly launcher: RunLauncher) {}

  @Post(':id/runs')
  @StartsRun()
  @ApiOperation({
    summary: 'Run the published version of a stored workflow',
    description: 'The same as POST /runs with the id as `workflow`.',
    operationId: 'runWorkflow',
  })
  @ApiBody({ type: RunInputDto, examples: { least: { value: { input: { message: 'Hello' } } } } })
  start(
    @Caller() caller: Principal,
    @IdParam() id: string,
    @Body() request: RunInputDto,
    @Req() http: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<EventStream | RunReplyDto> {
    return launched(this.launcher, caller, { ...request, workflow: id }, http, response);
  }
}
