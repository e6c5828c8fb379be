import { Body, Controller, Delete, Get, HttpCode, Patch, Post, Put, Query, Res } from '@nestjs/common';
import { ApiCreatedResponse, ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import { Access } from '../platform/http/access.js';
import { ApiProblems } from '../platform/http/api-problems.js';
import { IdParam } from '../platform/http/id.pipe.js';
import { Caller, type Principal } from '../platform/http/principal.js';
import {
  CreateMessageDto,
  EditMessageDto,
  ListMessagesQuery,
  MessageDto,
  MessagePageDto,
  RateMessageDto,
} from './message.dto.js';
import type { Message } from './message.js';
import { MessageService } from './message.service.js';

const READ = 'conversations:read';
const WRITE = 'conversations:write';

const LOCATION = {
  Location: { description: 'Where to read it.', schema: { type: 'string' as const, format: 'uri-reference' } },
};

@ApiTags('Conversations')
@Controller('conversations/:id/messages')
export class MessageController {
  constructor(private readonly messages: MessageService) {}

  @Get()
  @Access('viewer', READ)
  @ApiOperation({ summary: 'Read the messages of a branch, oldest first', operationId: 'listMessages' })
  @ApiOkResponse({ type: MessagePageDto })
  list(@Caller() caller: Principal, @IdParam() id: string, @Query() query: ListMessagesQuery): Promise<MessagePageDto> {
    return this.messages.list(caller, id, query);
  }

  @Post()
  @Access('editor', WRITE)
  @ApiOperation({ summary: 'Add a user message without asking for an answer', operationId: 'createMessage' })
  @ApiCreatedResponse({ type: MessageDto, headers: LOCATION })
  async create(
    @Caller() caller: Principal,
    @IdParam() id: string,
    @Body() body: CreateMessageDto,
    @Res({ passthrough: true }) response: Response,
  ): Promise<MessageDto> {
    return created(await this.messages.say(caller, id, body.content), response);
  }

  @Get(':messageId')
  @Access('viewer', READ)
  @ApiOperation({ summary: 'Read a message', operationId: 'getMessage' })
  @ApiOkResponse({ type: MessageDto })
  get(
    @Caller() caller: Principal,
    @IdParam() id: string,
    @IdParam('messageId') messageId: string,
  ): Promise<MessageDto> {
    return this.messages.read(caller, id, messageId);
  }

  @Put(':messageId')
  @HttpCode(201)
  @Access('editor', WRITE)
  @ApiOperation({
    summary: 'Edit a user message on a new branch',
    description:
      'Writes the new content as a sibling of the message and makes it the end of the active branch. The message and what followed it stay and are read with `?branch=`. No run is started: regenerate the new message, or chat on. Each request makes another sibling.',
    operationId: 'editMessage',
  })
  @ApiCreatedResponse({ type: MessageDto, headers: LOCATION })
  @ApiProblems(409)
  async edit(
    @Caller() caller: Principal,
    @IdParam() id: string,
    @IdParam('messageId') messageId: string,
    @Body() body: EditMessageDto,
    @Res({ passthrough: true }) response: Response,
  ): Promise<MessageDto> {
    return created(await this.messages.edit(caller, id, messageId, body.content), response);
  }

  @Patch(':messageId/rating')
  @Access('editor', WRITE)
  @ApiOperation({ summary: 'Rate an answer of the assistant', operationId: 'rateMessage' })
  @ApiOkResponse({ type: MessageDto })
  @ApiProblems(409)
  rate(
    @Caller() caller: Principal,
    @IdParam() id: string,
    @IdParam('messageId') messageId: string,
    @Body() body: RateMessageDto,
  ): Promise<MessageDto> {
    return this.messages.rate(caller, id, messageId, body.rating);
  }

  @Delete(':messageId')
  @HttpCode(204)
  @Access('editor', WRITE)
  @ApiOperation({ summary: 'Delete a message: its content is erased', operationId: 'deleteMessage' })
  @ApiNoContentResponse({ description: 'Deleted.' })
  @ApiProblems(409)
  delete(@Caller() caller: Principal, @IdParam() id: string, @IdParam('messageId') messageId: string): Promise<void> {
    return this.messages.delete(caller, id, messageId);
  }
}

function created(message: Message, response: Response): MessageDto {
  response.set('Location', `/api/v1/conversations/${message.conversationId}/messages/${message.id}`);
  return message;
}
