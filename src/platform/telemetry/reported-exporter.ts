import { Logger } from '@nestjs/common';
import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace';

const WARN_EVERY_MS = 60_000;

type Reported = Parameters<SpanExporter['export']>[1];

/** Sends what another exporter sends, and warns when spans are lost: once a minute at most. */
export class ReportedExporter implements SpanExporter {
  private readonly logger = new Logger('Tracing');
  private warnedAt = -Infinity;
  private lost = 0;

  constructor(private readonly exporter: SpanExporter) {}

  export(spans: ReadableSpan[], report: Reported): void {
    this.exporter.export(spans, (result) => {
      if (result.error) this.warn(spans.length, result.error);
      report(result);
    });
  }

  shutdown(): Promise<void> {
    return this.exporter.shutdown();
  }

  private warn(lost: number, error: Error): void {
    this.lost += lost;
    const now = performance.now();
    if (now - this.warnedAt < WARN_EVERY_MS) return;
    this.logger.warn(`${this.lost} spans could not be sent: ${error.message}`);
    [this.warnedAt, this.lost] = [now, 0];
  }
}
