import { createHash, timingSafeEqual } from 'node:crypto';
import { Controller, Get, Header, Headers } from '@nestjs/common';
import { ApiHeader, ApiOkResponse, ApiOperation, ApiProduces, ApiTags } from '@nestjs/swagger';
import { ServerConfig } from '../platform/config/server.config.js';
import { Public } from '../platform/http/access.js';
import { ApiProblems } from '../platform/http/api-problems.js';
import { notFound, unauthenticated } from '../platform/problem/http.errors.js';
import { Meters } from '../platform/telemetry/meters.js';
import { TelemetryConfig } from '../platform/telemetry/telemetry.config.js';

const TEXT = 'text/plain; version=0.0.4; charset=utf-8';

@ApiTags('Health')
@Controller()
export class PrometheusController {
  constructor(
    private readonly meters: Meters,
    private readonly telemetry: TelemetryConfig,
    private readonly server: ServerConfig,
  ) {}

  @Get('metrics')
  @Public()
  @Header('Cache-Control', 'no-store')
  @Header('Content-Type', TEXT)
  @ApiOperation({
    summary: 'What is measured of this process, for Prometheus',
    description: 'Asks for METRICS_TOKEN as bearer token when it is set. Without one it is not there in production.',
    operationId: 'metrics',
  })
  @ApiHeader({ name: 'Authorization', required: false, description: 'Bearer METRICS_TOKEN.' })
  @ApiProduces('text/plain')
  @ApiOkResponse({ description: 'The text format of Prometheus.', schema: { type: 'string' } })
  @ApiProblems(401, 404)
  metrics(@Headers('authorization') authorization: string | undefined): Promise<string> {
    this.admit(authorization);
    return this.meters.registry.metrics();
  }

  /** @throws Problem unauthenticated; not-found in production without a token */
  private admit(authorization = ''): void {
    const { metricsToken } = this.telemetry;
    if (metricsToken === undefined) {
      if (this.server.nodeEnv === 'production') throw notFound('Set METRICS_TOKEN to have metrics in production.');
    } else if (!timingSafeEqual(hashed(authorization), hashed(`Bearer ${metricsToken}`))) {
      throw unauthenticated('Send METRICS_TOKEN as bearer token.', {
        headers: { 'WWW-Authenticate': 'Bearer realm="chatter metrics"' },
      });
    }
  }
}

const hashed = (text: string): Buffer => createHash('sha256').update(text).digest();
