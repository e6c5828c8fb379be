import { Body, Controller, Post, Req, Res } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { ApiProblems } from '../platform/http/api-problems.js';
import { IdParam } from '../platform/http/id.pipe.js';
import type { EventStream } from '../platform/http/event-stream.js';
import { Caller, type Principal } from '../platform/http/principal.js';
import { conflict } from '../platform/problem/http.errors.js';
import { RegenerateRequestDto, type ChatReplyDto } from './chat.dto.js';
import { ChatService } from './chat.service.js';
import { takeTurn, Turn } from './turn.decorator.js';

@ApiTags('Chat')
@Controller('conversations/:id/messages/:messageId/regenerate')
export class RegenerateController {
  constructor(private readonly chat: ChatService) {}

  @Post()
  @Turn()
  @ApiOperation({
    summary: 'Answer a user message again, as JSON or as a stream',
    description:
      'Takes a user message or an answer to one, and runs its turn again with the workflow, model and system message of the conversation. No user message is written; the new answer is a sibling of the earlier ones and ends the active branch. A run that fails leaves the branches as they are. JSON and stream are those of `POST /api/v1/chat`.',
    operationId: 'regenerateMessage',
  })
  @ApiProblems(conflict)
  regenerate(
    @Caller() caller: Principal,
    @IdParam() conversationId: string,
    @IdParam('messageId') regenerates: string,
    @Body() body: RegenerateRequestDto,
    @Req() http: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<EventStream | ChatReplyDto> {
    return takeTurn(this.chat, caller, { ...body, conversationId, regenerates }, http, response);
  }
}
