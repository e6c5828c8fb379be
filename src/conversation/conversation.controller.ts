import { Body, Controller, Delete, Get, Header, HttpCode, Patch, Post, Query, Res } from '@nestjs/common';
import {
  ApiCreatedResponse,
  ApiHeader,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
} from '@nestjs/swagger';
import type { Response } from 'express';
import { Access } from '../platform/http/access.js';
import { ApiProblems } from '../platform/http/api-problems.js';
import { etagOf, IfMatch, type ExpectedVersions } from '../platform/http/etag.js';
import { IdParam } from '../platform/http/id.pipe.js';
import { Caller, type Principal } from '../platform/http/principal.js';
import {
  ConversationDetailDto,
  ConversationDto,
  ConversationPageDto,
  CreateConversationDto,
  DeleteConversationQuery,
  ForkConversationDto,
  ListConversationsQuery,
  UpdateConversationDto,
} from './conversation.dto.js';
import { ConversationService } from './conversation.service.js';
import { ForkService } from './fork.service.js';

const READ = 'conversations:read';
const WRITE = 'conversations:write';

const ETAG = {
  ETag: { description: 'The version, for If-Match.', schema: { type: 'string' as const, example: '"1"' } },
};
const LOCATION = {
  Location: { description: 'Where to read it.', schema: { type: 'string' as const, format: 'uri-reference' } },
};

const ApiIfMatch = () =>
  ApiHeader({
    name: 'If-Match',
    required: false,
    description: 'Change it only while it has this entity tag.',
    example: '"1"',
  });

@ApiTags('Conversations')
@Controller('conversations')
export class ConversationController {
  constructor(
    private readonly conversations: ConversationService,
    private readonly forks: ForkService,
  ) {}

  @Post()
  @Access('editor', WRITE)
  @ApiOperation({ summary: 'Create a conversation', operationId: 'createConversation' })
  @ApiCreatedResponse({ type: ConversationDto, headers: { ...LOCATION, ...ETAG } })
  async create(
    @Caller() caller: Principal,
    @Body() body: CreateConversationDto,
    @Res({ passthrough: true }) response: Response,
  ): Promise<ConversationDto> {
    return created(await this.conversations.create(caller, body), response);
  }

  @Get()
  @Access('viewer', READ)
  @ApiOperation({ summary: 'List and search conversations', operationId: 'listConversations' })
  @ApiOkResponse({ type: ConversationPageDto })
  list(@Caller() caller: Principal, @Query() query: ListConversationsQuery): Promise<ConversationPageDto> {
    return this.conversations.list(caller, query);
  }

  @Get(':id')
  @Header('Cache-Control', 'no-store')
  @Access('viewer', READ)
  @ApiOperation({
    summary: 'Read a conversation, and which run holds it',
    description:
      'Its version, the entity tag, counts edits of the conversation itself; messages and runs leave it alone.',
    operationId: 'getConversation',
  })
  @ApiOkResponse({ type: ConversationDetailDto, headers: ETAG })
  async get(
    @Caller() caller: Principal,
    @IdParam() id: string,
    @Res({ passthrough: true }) response: Response,
  ): Promise<ConversationDetailDto> {
    const { conversation, version } = await this.conversations.show(caller, id);
    response.set('ETag', etagOf(version));
    return conversation;
  }

  @Patch(':id')
  @Access('editor', WRITE)
  @ApiIfMatch()
  @ApiOperation({ summary: 'Change a conversation', operationId: 'updateConversation' })
  @ApiOkResponse({ type: ConversationDto, headers: ETAG })
  @ApiProblems(412)
  async update(
    @Caller() caller: Principal,
    @IdParam() id: string,
    @Body() body: UpdateConversationDto,
    @IfMatch() expected: ExpectedVersions,
    @Res({ passthrough: true }) response: Response,
  ): Promise<ConversationDto> {
    const { conversation, version } = await this.conversations.update(caller, id, body, expected);
    response.set('ETag', etagOf(version));
    return conversation;
  }

  @Delete(':id')
  @HttpCode(204)
  @Access('editor', WRITE)
  @ApiIfMatch()
  @ApiOperation({ summary: 'Delete a conversation', operationId: 'deleteConversation' })
  @ApiNoContentResponse({ description: 'Deleted.' })
  @ApiProblems(412)
  delete(
    @Caller() caller: Principal,
    @IdParam() id: string,
    @Query() { purge }: DeleteConversationQuery,
    @IfMatch() expected: ExpectedVersions,
  ): Promise<void> {
    return purge ? this.conversations.purge(caller, id, expected) : this.conversations.delete(caller, id, expected);
  }

  @Post(':id/fork')
  @Access('editor', WRITE)
  @ApiOperation({ summary: 'Copy a branch into a new conversation', operationId: 'forkConversation' })
  @ApiCreatedResponse({ type: ConversationDto, headers: { ...LOCATION, ...ETAG } })
  async fork(
    @Caller() caller: Principal,
    @IdParam() id: string,
    @Body() body: ForkConversationDto,
    @Res({ passthrough: true }) response: Response,
  ): Promise<ConversationDto> {
    return created(await this.forks.fork(caller, id, body), response);
  }
}

/** A new conversation is at version 1. */
function created(conversation: ConversationDto, response: Response): ConversationDto {
  response.set({ Location: `/api/v1/conversations/${conversation.id}`, ETag: etagOf(1) });
  return conversation;
}
