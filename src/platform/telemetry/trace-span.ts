import { SpanStatusCode, type Attributes, type Span } from '@opentelemetry/api';

/** A piece of work as a trace shows it. */
export class TraceSpan {
  constructor(readonly span: Span) {}

  /** What later work names as its origin (W3C). */
  get traceparent(): string {
    const { traceId, spanId, traceFlags } = this.span.spanContext();
    return `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`;
  }

  rename(name: string): void {
    this.span.updateName(name);
  }

  /** Never what users, models or tools say. */
  set(attributes: Attributes): void {
    this.span.setAttributes(attributes);
  }

  /** The work is over; it failed when there is an `errorType`, the slug of a problem. */
  end(errorType?: string): void {
    if (errorType !== undefined) {
      this.span.setAttribute('error.type', errorType);
      this.span.setStatus({ code: SpanStatusCode.ERROR });
    }
    this.span.end();
  }
}
