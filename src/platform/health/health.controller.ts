import { Controller, Get, Header, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProperty, ApiResponse, ApiTags } from '@nestjs/swagger';
import { HealthCheckService, type HealthCheckResult, type HealthIndicatorFunction } from '@nestjs/terminus';
import type { Response } from 'express';
import { Public } from '../http/access.js';
import { RedisIndicator } from '../queue/redis.indicator.js';
import { DatabaseIndicator } from './database.indicator.js';
import { Lifecycle } from './lifecycle.js';

class LivenessDto {
  @ApiProperty({ example: 'ok', description: 'The process answers.' })
  readonly status!: string;
}

/** What Kubernetes asks: alive (the process only), ready (may be given requests), healthy (the full report). */
@ApiTags('Health')
@Controller()
export class HealthController {
  constructor(
    private readonly health: HealthCheckService,
    private readonly database: DatabaseIndicator,
    private readonly redis: RedisIndicator,
    private readonly lifecycle: Lifecycle,
  ) {}

  @Get('livez')
  @Public()
  @Header('Cache-Control', 'no-store')
  @ApiOperation({ summary: 'Liveness: the process answers', operationId: 'livez' })
  @ApiOkResponse({ type: LivenessDto })
  livez(): LivenessDto {
    return { status: 'ok' };
  }

  @Get('readyz')
  @Public()
  @ApiOperation({ summary: 'Readiness: database, migrations, not draining', operationId: 'readyz' })
  @ApiOkResponse({ description: 'Ready for requests.' })
  @ApiResponse({ status: 503, description: 'Draining, or the database does not answer or is not migrated.' })
  readyz(@Res({ passthrough: true }) response: Response): Promise<HealthCheckResult> {
    return this.readiness(response);
  }

  @Get('healthz')
  @Public()
  @ApiOperation({ summary: 'Full health report', operationId: 'healthz' })
  @ApiOkResponse({ description: 'Everything is up.' })
  @ApiResponse({ status: 503, description: 'Something is down; the report says what.' })
  healthz(@Res({ passthrough: true }) response: Response): Promise<HealthCheckResult> {
    return this.report(response, [() => this.database.check(), () => this.redis.check()]);
  }

  /** Without Redis work is found a little later: that is told, and no reason to send requests elsewhere. */
  private async readiness(response: Response): Promise<HealthCheckResult> {
    const [result, redis] = await Promise.all([
      this.report(response, [() => this.database.check()]),
      this.redis.check(),
    ]);
    return { ...result, details: { ...result.details, ...redis } };
  }

  /** Terminus's report; 503 when anything is down or while draining. */
  private async report(response: Response, checks: HealthIndicatorFunction[]): Promise<HealthCheckResult> {
    const result = await this.health.check(checks).catch((error: unknown) => reportOf(error));
    const draining = !this.lifecycle.isReady;
    response.setHeader('Cache-Control', 'no-store');
    response.status(result.status === 'ok' && !draining ? 200 : 503);
    return draining ? { ...result, status: 'shutting_down' } : result;
  }
}

/** Terminus throws its report when something is down. */
function reportOf(error: unknown): HealthCheckResult {
  const { response } = error as { readonly response?: HealthCheckResult };
  if (!response) throw error;
  return response;
}
