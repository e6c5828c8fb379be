import { Module } from '@nestjs/common';
import { APP_INTERCEPTOR } from '@nestjs/core';
import { TelemetryModule } from '../platform/telemetry/telemetry.module.js';
import { FigureFolder } from './figure-folder.js';
import { FigureRepository } from './figure.repository.js';
import { OpenStreams } from './open-streams.js';
import { PerformanceController } from './performance.controller.js';
import { PerformanceInterceptor } from './performance.interceptor.js';
import { PerformanceService } from './performance.service.js';
import { ProcessFigures } from './process-figures.js';
import { ProcessMeter } from './process-meter.js';
import { PrometheusController } from './prometheus.controller.js';
import { RequestMeter } from './request-meter.js';
import { RunMeterListener } from './run-meter.listener.js';

/** Statistics for members, metrics for operators. It listens and is never called. */
@Module({
  imports: [TelemetryModule],
  controllers: [PerformanceController, PrometheusController],
  providers: [
    FigureFolder,
    FigureRepository,
    OpenStreams,
    PerformanceService,
    ProcessFigures,
    ProcessMeter,
    RequestMeter,
    RunMeterListener,
    { provide: APP_INTERCEPTOR, useClass: PerformanceInterceptor },
  ],
})
export class MetricsModule {}
