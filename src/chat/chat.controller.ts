import { Body, Controller, Post, Req } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Request } from 'express';
import { clientGone } from '../platform/http/client-gone.js';
import type { EventStream } from '../platform/http/event-stream.js';
import { Caller, type Principal } from '../platform/http/principal.js';
import { wantsEventStream } from '../platform/http/wants-event-stream.js';
import { ChatRequestDto, type ChatReplyDto } from './chat.dto.js';
import { ChatService } from './chat.service.js';
import { Turn } from './turn.decorator.js';

@ApiTags('Chat')
@Controller('chat')
export class ChatController {
  constructor(private readonly chat: ChatService) {}

  @Post()
  @Turn()
  @ApiOperation({
    summary: 'Say something and get the answer, as JSON or as a stream',
    description:
      'The user message, the run and the assistant message are stored consistently: a run that fails answers its problem with `runId`, and the user message stays. With `stream: true` or Accept: text/event-stream the events of the run are streamed live; a cut stream resumes at `GET /api/v1/runs/{id}/events`.',
    operationId: 'chat',
  })
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
