import { Injectable } from '@nestjs/common';
import { CacheStatistics } from '../platform/cache/cache-statistics.js';
import { TaggedCache } from '../platform/cache/tagged-cache.js';
import { Clock } from '../platform/clock/clock.js';
import type { Principal } from '../platform/http/principal.js';
import { forbidden, validationFailed } from '../platform/problem/http.errors.js';
import { FigureRepository } from './figure.repository.js';
import { OpenStreams } from './open-streams.js';
import type { PerformanceQuery, PerformanceStatsDto, PerformanceTrendsDto } from './performance.dto.js';
import { windowOf, type Window } from './period.js';
import { ProcessFigures } from './process-figures.js';
import { statisticsOf, trendsOf } from './statistics.js';

/** Statistics of what a workspace, or all of them, ran. */
@Injectable()
export class PerformanceService {
  constructor(
    private readonly figures: FigureRepository,
    private readonly streams: OpenStreams,
    private readonly process: ProcessFigures,
    private readonly clock: Clock,
    private readonly caches: CacheStatistics,
    private readonly answers: TaggedCache,
  ) {}

  /** @throws Problem validation-failed for a period that is too long, forbidden for a scope that is not the caller's */
  async stats(caller: Principal, query: PerformanceQuery): Promise<PerformanceStatsDto> {
    const scope = scopeOf(caller, query);
    const window = this.windowOf(query);
    const [figures, workload] = await Promise.all([
      this.figures.read(scope, window, query.workflow),
      this.figures.workload(scope),
    ]);
    const statistics = statisticsOf(window, figures);
    const { size, evictions } = scope === null ? this.caches.snapshot() : this.answers.statsOf(scope);
    const { rssBytes, heapUsedBytes, cpuPercent } = this.process;
    return {
      ...statistics,
      cache: { ...statistics.cache, size, evictions },
      resources: {
        rssBytes,
        heapUsedBytes,
        cpuPercent,
        eventLoopLagMs: { p50: this.process.lagMs(0.5), p99: this.process.lagMs(0.99) },
        ...workload,
        openStreams: this.streams.count(scope),
      },
    };
  }

  /** @throws as `stats` */
  async trends(caller: Principal, query: PerformanceQuery): Promise<PerformanceTrendsDto> {
    const scope = scopeOf(caller, query);
    const window = this.windowOf(query);
    const figures = await this.figures.read(scope, window, query.workflow);
    const { from, to, bucketMs } = window;
    return { from: from.toISOString(), to: to.toISOString(), bucketMs, items: trendsOf(window, figures) };
  }

  private windowOf({ period }: PerformanceQuery): Window {
    const window = windowOf(period, this.clock.now());
    if (!window) throw validationFailed([{ pointer: '/period', detail: 'must be at most 400 days' }]);
    return window;
  }
}

/** The workspace whose figures are asked for; null for all. */
function scopeOf({ workspaceId, isSystemAdmin }: Principal, { scope }: PerformanceQuery): string | null {
  if (scope !== 'all') return workspaceId;
  if (!isSystemAdmin) throw forbidden('Figures of all workspaces are for system administrators. Leave `scope` out.');
  return null;
}
