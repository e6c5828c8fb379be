import { Body, Controller, Delete, Get, HttpCode, Patch, Post, Query, Res } from '@nestjs/common';
import { ApiCreatedResponse, ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import { Access } from '../../platform/http/access.js';
import { ApiProblems } from '../../platform/http/api-problems.js';
import { IdParam } from '../../platform/http/id.pipe.js';
import { pageOf, PageQuery, type Page } from '../../platform/http/page.js';
import { Caller, type Principal } from '../../platform/http/principal.js';
import { MemberService } from './member.service.js';
import { AddMemberDto, MemberDto, UpdateMemberDto } from './workspace.dto.js';
import { alreadyMember, lastOwner } from './workspace.errors.js';

@ApiTags('Workspaces')
@Controller('workspaces/:id/members')
export class MemberController {
  constructor(private readonly members: MemberService) {}

  @Get()
  @Access('viewer', 'workspaces:read')
  @ApiOperation({ summary: 'List the members of a workspace you are in', operationId: 'listMembers' })
  @ApiOkResponse({ type: pageOf(MemberDto) })
  list(@Caller() caller: Principal, @IdParam() id: string, @Query() query: PageQuery): Promise<Page<MemberDto>> {
    return this.members.list(caller, id, query);
  }

  @Post()
  @Access('viewer', 'workspaces:write')
  @ApiOperation({
    summary: 'Add a registered user to a workspace you administer',
    description: 'Only an owner adds an owner. An address nobody is registered with is a 422.',
    operationId: 'addMember',
  })
  @ApiCreatedResponse({ type: MemberDto })
  @ApiProblems(alreadyMember)
  async add(
    @Caller() caller: Principal,
    @IdParam() id: string,
    @Body() body: AddMemberDto,
    @Res({ passthrough: true }) response: Response,
  ): Promise<MemberDto> {
    const member = await this.members.add(caller, id, body);
    response.location(`/api/v1/workspaces/${id}/members/${member.userId}`);
    return member;
  }

  @Get(':userId')
  @Access('viewer', 'workspaces:read')
  @ApiOperation({ summary: 'Read a member of a workspace you are in', operationId: 'getMember' })
  @ApiOkResponse({ type: MemberDto })
  get(@Caller() caller: Principal, @IdParam() id: string, @IdParam('userId') userId: string): Promise<MemberDto> {
    return this.members.get(caller, id, userId);
  }

  @Patch(':userId')
  @Access('viewer', 'workspaces:write')
  @ApiOperation({
    summary: 'Change the role of a member',
    description: 'Only an owner makes or changes an owner; the last owner stays one. Takes effect within 5 s.',
    operationId: 'updateMember',
  })
  @ApiOkResponse({ type: MemberDto })
  @ApiProblems(lastOwner)
  update(
    @Caller() caller: Principal,
    @IdParam() id: string,
    @IdParam('userId') userId: string,
    @Body() { role }: UpdateMemberDto,
  ): Promise<MemberDto> {
    return this.members.update(caller, id, userId, role);
  }

  @Delete(':userId')
  @HttpCode(204)
  @Access('viewer', 'workspaces:write')
  @ApiOperation({
    summary: 'Remove a member, or leave',
    description: 'Anybody may leave; admins remove others, only an owner an owner. The last owner stays.',
    operationId: 'removeMember',
  })
  @ApiNoContentResponse({ description: 'No longer a member.' })
  @ApiProblems(lastOwner)
  remove(@Caller() caller: Principal, @IdParam() id: string, @IdParam('userId') userId: string): Promise<void> {
    return this.members.remove(caller, id, userId);
  }
}
