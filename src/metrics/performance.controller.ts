import { Controller, Get, Query } from '@nestjs/common';
import { ApiExtraModels, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { Access } from '../platform/http/access.js';
import { Caller, type Principal } from '../platform/http/principal.js';
import { PerformanceQuery, PerformanceStatsDto, PerformanceTrendsDto, ToolFiguresDto } from './performance.dto.js';
import { PerformanceService } from './performance.service.js';

@ApiTags('Performance')
@ApiExtraModels(ToolFiguresDto)
@Controller('performance')
export class PerformanceController {
  constructor(private readonly performance: PerformanceService) {}

  @Get('stats')
  @Access('viewer', 'performance:read')
  @ApiOperation({
    summary: 'Read how runs and tools of a period performed',
    description:
      'Every figure is measured and kept: it counts from the moment a run has ended, and survives restarts. What cannot be measured is null.',
    operationId: 'getPerformanceStats',
  })
  @ApiOkResponse({ type: PerformanceStatsDto })
  stats(@Caller() caller: Principal, @Query() query: PerformanceQuery): Promise<PerformanceStatsDto> {
    return this.performance.stats(caller, query);
  }

  @Get('trends')
  @Access('viewer', 'performance:read')
  @ApiOperation({ summary: 'Read how runs of a period performed, by bucket', operationId: 'getPerformanceTrends' })
  @ApiOkResponse({ type: PerformanceTrendsDto })
  trends(@Caller() caller: Principal, @Query() query: PerformanceQuery): Promise<PerformanceTrendsDto> {
    return this.performance.trends(caller, query);
  }
}
