import { Body, Controller, Post, Req, Res } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import type { EventStream } from '../platform/http/event-stream.js';
import { Caller, type Principal } from '../platform/http/principal.js';
import { ChatRequestDto, type ChatReplyDto } from './chat.dto.js';
import { ChatService } from './chat.service.js';
import { takeTurn, Turn } from './turn.decorator.js';

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
    @Res({ passthrough: true }) response: Response,
  ): Promise<EventStream | ChatReplyDto> {
    return takeTurn(this.chat, caller, request, http, response);
  }
}
