import { Controller, Get, Header, HttpCode, Post, Query, Req } from '@nestjs/common';
import { ApiHeader, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Request } from 'express';
import { Access } from '../../platform/http/access.js';
import { ApiProblems } from '../../platform/http/api-problems.js';
import type { EventStream } from '../../platform/http/event-stream.js';
import { IdParam } from '../../platform/http/id.pipe.js';
import { Caller, type Principal } from '../../platform/http/principal.js';
import { wantsEventStream } from '../../platform/http/wants-event-stream.js';
import { Repeatable } from '../../platform/idempotency/idempotency.interceptor.js';
import { ApiEventStream } from './event-stream.dto.js';
import { lastEventId } from './last-event-id.js';
import { EventPageDto, EventsQuery, RunDto, RunPageDto, RunQuery } from './run.dto.js';
import { RunService } from './run.service.js';

@ApiTags('Runs')
@Controller('runs')
export class RunController {
  constructor(private readonly runs: RunService) {}

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
}
