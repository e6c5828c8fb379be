import { Module } from '@nestjs/common';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { BatchSpanProcessor, type SpanProcessor } from '@opentelemetry/sdk-trace';
import { provideConfiguration } from '../config/configuration.js';
import { GenAiTelemetry } from './gen-ai-telemetry.js';
import { ReportedExporter } from './reported-exporter.js';
import { Meters } from './meters.js';
import { TelemetryConfig } from './telemetry.config.js';
import { Tracing } from './tracing.js';

const SEND_EVERY_MS = 1_000;

/** Traces and meters, for every room. */
@Module({
  providers: [
    provideConfiguration(TelemetryConfig),
    {
      provide: Tracing,
      useFactory: (config: TelemetryConfig) => new Tracing(processorsOf(config), config.serviceName),
      inject: [TelemetryConfig],
    },
    { provide: Meters, useFactory: () => new Meters() },
    GenAiTelemetry,
  ],
  exports: [TelemetryConfig, Tracing, Meters, GenAiTelemetry],
})
export class TelemetryModule {}

/** At most 2,048 spans wait to be sent; what comes beyond them is dropped. */
function processorsOf({ endpoint, headers = {}, timeoutMs }: TelemetryConfig): readonly SpanProcessor[] {
  if (endpoint === undefined) return [];
  const url = `${endpoint.replace(/\/$/, '')}/v1/traces`;
  const exporter = new ReportedExporter(
    new OTLPTraceExporter({ url, headers: { ...headers }, timeoutMillis: timeoutMs }),
  );
  return [new BatchSpanProcessor({ exporter, scheduledDelayMillis: SEND_EVERY_MS })];
}
