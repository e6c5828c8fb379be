import { Body, Controller, Header, HttpCode, Post, Req } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Request } from 'express';
import {
  modelAuthenticationFailed,
  modelRateLimited,
  modelStreamBroken,
  modelTimeout,
  modelUnavailable,
} from '../llm/llm.errors.js';
import { Access } from '../platform/http/access.js';
import { ApiProblems } from '../platform/http/api-problems.js';
import { clientGone } from '../platform/http/client-gone.js';
import type { EventStream } from '../platform/http/event-stream.js';
import { Caller, type Principal } from '../platform/http/principal.js';
import { wantsEventStream } from '../platform/http/wants-event-stream.js';
import { CausesRun } from '../platform/idempotency/idempotency.interceptor.js';
import { ApiEventStream } from '../workflow/run/event-stream.dto.js';
import {
  conversationBusy,
  requirementsUnmet,
  runCancelled,
  shuttingDown,
  tooManyRuns,
} from '../workflow/workflow.errors.js';
import { ChatReplyDto, ChatRequestDto } from './chat.dto.js';
import { ChatService } from './chat.service.js';

@ApiTags('Chat')
@Controller('chat')
export class ChatController {
  constructor(private readonly chat: ChatService) {}

  @Post()
  @HttpCode(200)
  @Header('Vary', 'Accept')
  @CausesRun()
  @Access('editor', 'chat:write')
  @ApiOperation({
    summary: 'Say something and get the answer, as JSON or as a stream',
    description:
      'The user message, the run and the assistant message are stored consistently: a run that fails answers its problem with `runId`, and the user message stays. With `stream: true` or Accept: text/event-stream the events of the run are streamed live; a cut stream resumes at `GET /api/v1/runs/{id}/events`.',
    operationId: 'chat',
  })
  @ApiEventStream(ChatReplyDto)
  @ApiProblems(
    404,
    conversationBusy,
    runCancelled,
    requirementsUnmet,
    tooManyRuns,
    shuttingDown,
    modelAuthenticationFailed,
    modelStreamBroken,
    modelRateLimited,
    modelUnavailable,
    modelTimeout,
  )
  turn(
    @Caller() caller: Principal,
    @Body() request: ChatRequestDto,
    @Req() http: Request,
  ): Promise<EventStream | ChatReplyDto> {
    return request.stream === true || wantsEventStream(http)
      ? this.chat.stream(caller, request)
      : this.chat.reply(caller, request, clientGone(http));
  }
}
