import { Body, Controller, Delete, Get, HttpCode, Patch, Query } from '@nestjs/common';
import { ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { Access } from '../../platform/http/access.js';
import { ApiProblems } from '../../platform/http/api-problems.js';
import { IdParam } from '../../platform/http/id.pipe.js';
import { PageQuery } from '../../platform/http/page.js';
import { Caller, type Principal } from '../../platform/http/principal.js';
import { MemoryDto, MemoryPageDto, UpdateMemoryDto } from './memory.dto.js';
import { MemoryService } from './memory.service.js';

const READ = 'memories:read';
const WRITE = 'memories:write';

@ApiTags('Memories')
@Controller('memories')
export class MemoryController {
  constructor(private readonly memories: MemoryService) {}

  @Get()
  @Access('viewer', READ)
  @ApiOperation({
    summary: 'List what is remembered of you, newest first',
    description: 'The tool memoryWrite remembers it. Nobody else sees it.',
    operationId: 'listMemories',
  })
  @ApiOkResponse({ type: MemoryPageDto })
  list(@Caller() caller: Principal, @Query() query: PageQuery): Promise<MemoryPageDto> {
    return this.memories.list(caller, query);
  }

  @Get(':id')
  @Access('viewer', READ)
  @ApiOperation({ summary: 'Read a memory', operationId: 'getMemory' })
  @ApiOkResponse({ type: MemoryDto })
  get(@Caller() caller: Principal, @IdParam() id: string): Promise<MemoryDto> {
    return this.memories.get(caller, id);
  }

  @Patch(':id')
  @Access('viewer', WRITE)
  @ApiOperation({ summary: 'Correct a memory', operationId: 'updateMemory' })
  @ApiOkResponse({ type: MemoryDto })
  @ApiProblems(409)
  update(@Caller() caller: Principal, @IdParam() id: string, @Body() { content }: UpdateMemoryDto): Promise<MemoryDto> {
    return this.memories.change(caller, id, content);
  }

  @Delete(':id')
  @HttpCode(204)
  @Access('viewer', WRITE)
  @ApiOperation({ summary: 'Forget one memory', operationId: 'deleteMemory' })
  @ApiNoContentResponse({ description: 'Forgotten.' })
  delete(@Caller() caller: Principal, @IdParam() id: string): Promise<void> {
    return this.memories.forget(caller, id);
  }

  @Delete()
  @HttpCode(204)
  @Access('viewer', WRITE)
  @ApiOperation({ summary: 'Forget all that is remembered of you', operationId: 'deleteMemories' })
  @ApiNoContentResponse({ description: 'Forgotten.' })
  deleteAll(@Caller() caller: Principal): Promise<void> {
    return this.memories.forgetAll(caller);
  }
}
