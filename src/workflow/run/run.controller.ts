import { Body, Controller, Get, Header, HttpCode, Post, Query, Req, Res } from '@nestjs/common';
import { ApiAcceptedResponse, ApiBody, ApiHeader, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { Access } from '../../platform/http/access.js';
import { ApiProblems } from '../../platform/http/api-problems.js';
import type { EventStream } from '../../platform/http/event-stream.js';
import { IdParam } from '../../platform/http/id.pipe.js';
import { Caller, type Principal } from '../../platform/http/principal.js';
import { wantsEventStream } from '../../platform/http/wants-event-stream.js';
import { CausesRun, Repeatable } from '../../platform/idempotency/idempotency.interceptor.js';
import { runNotPausable, shuttingDown, tooManyRuns } from '../workflow.errors.js';
import { ApiEventStream } from './event-stream.dto.js';
import { lastEventId } from '../../platform/http/last-event-id.js';
import { EventPageDto, EventsQuery, RunDto, RunPageDto, RunQuery } from './run.dto.js';
import { CheckpointPageDto, HistoryQuery, RunStepPageDto } from './run-history.dto.js';
import { RunHistoryService } from './run-history.service.js';
import { RunLauncher } from './run-launcher.js';
import { RerunRequestDto, RunReplyDto, RunRequestDto } from './run-request.dto.js';
import { RunService } from './run.service.js';
import { launched, StartsRun } from './starts-run.decorator.js';

@ApiTags('Runs')
@Controller('runs')
export class RunController {
  constructor(
    private readonly runs: RunService,
    private readonly launcher: RunLauncher,
    private readonly history: RunHistoryService,
  ) {}

  @Post()
  @StartsRun()
  @ApiOperation({
    summary: 'Run a workflow or a definition',
    description:
      'By default the answer comes when the run has ended, whatever its end (200), or waits for a person (202, with `approvals`). With mode "background" it comes at once (202). With `stream: true` or Accept: text/event-stream the events of the run are streamed live.',
    operationId: 'startRun',
  })
  @ApiBody({
    type: RunRequestDto,
    examples: { least: { value: { workflow: 'plain', input: { message: 'Hello' } } } },
  })
  start(
    @Caller() caller: Principal,
    @Body() request: RunRequestDto,
    @Req() http: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<EventStream | RunReplyDto> {
    return launched(this.launcher, caller, request, http, response);
  }

  @Get()
  @Access('viewer', 'runs:read')
  @ApiOperation({ summary: 'List runs, newest first', operationId: 'listRuns' })
  @ApiOkResponse({ type: RunPageDto })
  @ApiProblems(422)
  list(@Caller() caller: Principal, @Query() query: RunQuery): Promise<RunPageDto> {
    return this.runs.list(caller, query);
  }

  @Get(':id')
  @Access('viewer', 'runs:read')
  @ApiOperation({ summary: 'Read a run', operationId: 'getRun' })
  @ApiOkResponse({ type: RunDto })
  @ApiProblems(404)
  get(@Caller() caller: Principal, @IdParam() id: string): Promise<RunDto> {
    return this.runs.get(caller, id);
  }

  @Get(':id/events')
  @Header('Vary', 'Accept')
  @Access('viewer', 'runs:read')
  @ApiOperation({
    summary: 'Replay and follow the events of a run',
    description:
      'With Accept: text/event-stream the log is replayed after Last-Event-ID (or ?after) and then followed to its end; otherwise a page of it.',
    operationId: 'getRunEvents',
  })
  @ApiHeader({
    name: 'Last-Event-ID',
    required: false,
    description: 'Number of the last event the reader has; goes before ?after.',
  })
  @ApiEventStream(EventPageDto)
  @ApiProblems(404, 422)
  events(
    @Caller() caller: Principal,
    @IdParam() id: string,
    @Query() query: EventsQuery,
    @Req() request: Request,
  ): Promise<EventStream | EventPageDto> {
    const after = lastEventId(request.header('last-event-id')) ?? query.after ?? 0;
    return wantsEventStream(request) ? this.runs.stream(caller, id, after) : this.runs.page(caller, id, after, query);
  }

  @Post(':id/cancel')
  @HttpCode(200)
  @Repeatable()
  @Access('editor', 'runs:write')
  @ApiOperation({
    summary: 'Cancel a run',
    description: 'Idempotent. Waits up to three seconds for the end; a run that has ended is answered as it is.',
    operationId: 'cancelRun',
  })
  @ApiOkResponse({ type: RunDto })
  @ApiProblems(404)
  cancel(@Caller() caller: Principal, @IdParam() id: string): Promise<RunDto> {
    return this.runs.cancel(caller, id);
  }

  @Get(':id/steps')
  @Access('viewer', 'runs:read')
  @ApiOperation({ summary: 'List the steps of a run in the order they began', operationId: 'listRunSteps' })
  @ApiOkResponse({ type: RunStepPageDto })
  @ApiProblems(404, 422)
  steps(@Caller() caller: Principal, @IdParam() id: string, @Query() query: HistoryQuery): Promise<RunStepPageDto> {
    return this.history.steps(caller, id, query);
  }

  @Get(':id/children')
  @Access('viewer', 'runs:read')
  @ApiOperation({ summary: 'List the child runs of a run in the order they began', operationId: 'listRunChildren' })
  @ApiOkResponse({ type: RunPageDto })
  @ApiProblems(404, 422)
  children(@Caller() caller: Principal, @IdParam() id: string, @Query() query: HistoryQuery): Promise<RunPageDto> {
    return this.history.children(caller, id, query);
  }

  @Get(':id/checkpoints')
  @Access('viewer', 'runs:read')
  @ApiOperation({
    summary: 'List the points a run can be gone on from',
    description: 'Its beginning, and after each step that has succeeded: the last 1,000.',
    operationId: 'listRunCheckpoints',
  })
  @ApiOkResponse({ type: CheckpointPageDto })
  @ApiProblems(404)
  checkpoints(@Caller() caller: Principal, @IdParam() id: string): Promise<CheckpointPageDto> {
    return this.history.checkpoints(caller, id);
  }

  @Post(':id/pause')
  @HttpCode(200)
  @Repeatable()
  @Access('editor', 'runs:write')
  @ApiOperation({
    summary: 'Pause a run',
    description: 'Steps that have begun go on to their end; none begins after that until the run is resumed.',
    operationId: 'pauseRun',
  })
  @ApiOkResponse({ type: RunDto })
  @ApiProblems(404, runNotPausable)
  pause(@Caller() caller: Principal, @IdParam() id: string): Promise<RunDto> {
    return this.runs.pause(caller, id);
  }

  @Post(':id/resume')
  @HttpCode(200)
  @Repeatable()
  @Access('editor', 'runs:write')
  @ApiOperation({ summary: 'Let a paused run go on', operationId: 'resumeRun' })
  @ApiOkResponse({ type: RunDto })
  @ApiProblems(404, runNotPausable)
  resume(@Caller() caller: Principal, @IdParam() id: string): Promise<RunDto> {
    return this.runs.resume(caller, id);
  }

  @Post(':id/rerun')
  @HttpCode(202)
  @CausesRun()
  @Access('editor', 'runs:write')
  @ApiOperation({
    summary: 'Run it again, from a step or a checkpoint',
    description:
      'A new run of the same definition. What had ended before that point is kept, not done again; `input` replaces the input. It goes on in the background and leaves no message in a conversation.',
    operationId: 'rerun',
  })
  @ApiBody({ type: RerunRequestDto, examples: { least: { value: { fromStep: 'draft' } } } })
  @ApiAcceptedResponse({ type: RunReplyDto })
  @ApiProblems(404, tooManyRuns, shuttingDown)
  async rerun(
    @Caller() caller: Principal,
    @IdParam() id: string,
    @Body() request: RerunRequestDto,
    @Res({ passthrough: true }) response: Response,
  ): Promise<RunReplyDto> {
    const run = await this.history.rerun(caller, id, request);
    response.set('Location', `/api/v1/runs/${run.id}`);
    return { run };
  }
}
