import { Controller, Delete, Get, HttpCode, Query } from '@nestjs/common';
import { ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { Database } from '../database/database.js';
import { EventBus } from '../event/event-bus.js';
import { Access } from '../http/access.js';
import { Caller, type Principal } from '../http/principal.js';
import { unavailable } from '../problem/http.errors.js';
import { CacheStatsDto, CacheTagQuery } from './cache.dto.js';
import { CacheCleared } from './cache.events.js';
import { DOCUMENTS_TAG, TaggedCache } from './tagged-cache.js';

@ApiTags('Cache')
@Controller('cache')
export class CacheController {
  constructor(
    private readonly cache: TaggedCache,
    private readonly database: Database,
    private readonly events: EventBus,
  ) {}

  @Get('stats')
  @Access('viewer', 'cache:read')
  @ApiOperation({
    summary: 'How often the workspace was answered from the cache',
    description: 'Of the answering process, since its start.',
    operationId: 'getCacheStats',
  })
  @ApiOkResponse({ type: CacheStatsDto })
  stats(@Caller() { workspaceId }: Principal): CacheStatsDto {
    return this.cache.statsOf(workspaceId);
  }

  @Delete()
  @HttpCode(204)
  @Access('admin', 'cache:write')
  @ApiOperation({
    summary: 'Forget the kept answers of the workspace, all of them or those of a tag',
    description: 'Without Redis each process keeps its own answers: it forgets those of the answering process.',
    operationId: 'clearCache',
  })
  @ApiNoContentResponse({ description: 'Forgotten.' })
  async clear(@Caller() { workspaceId, userId }: Principal, @Query() { tag }: CacheTagQuery): Promise<void> {
    const meant = tag?.startsWith('document:') ? DOCUMENTS_TAG : tag;
    await this.database.transaction(async () => {
      await this.events.publish(new CacheCleared(workspaceId, userId, tag));
      if (await this.cache.invalidate(workspaceId, meant)) return;
      throw unavailable('Redis, which keeps the answers, is away: nothing was forgotten.', {
        headers: { 'Retry-After': '5' },
      });
    });
  }
}
