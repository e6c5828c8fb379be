import { randomBytes } from 'node:crypto';
import { Logger, type OnApplicationShutdown } from '@nestjs/common';
import {
  ROOT_CONTEXT,
  trace,
  type Attributes,
  type Context,
  type SpanContext,
  type SpanKind,
} from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { TracerProvider, type SpanProcessor } from '@opentelemetry/sdk-trace';
import { currentRequest } from '../http/request-context.js';
import { TraceSpan } from './trace-span.js';

interface SpanOptions {
  readonly kind?: SpanKind;
  readonly attributes?: Attributes;
  /** The traceparent of what it belongs to; by default the span it begins in, `null` for none. */
  readonly parent?: string | null;
  /** The traceparent of what it goes on with. */
  readonly link?: string;
}

const FLUSH_MS = 2_000;
const TRACEPARENT = /^(?!ff)[\da-f]{2}-(?!0{32})([\da-f]{32})-(?!0{16})([\da-f]{16})-([\da-f]{2})/;

/** Spans of the work this process does. Without a processor there are none, and asking for one costs a look at a field. */
export class Tracing implements OnApplicationShutdown {
  private readonly provider: TracerProvider | undefined;
  private readonly contexts = new AsyncLocalStorageContextManager();

  constructor(processors: readonly SpanProcessor[], serviceName = 'chatter') {
    if (processors.length === 0) return;
    this.provider = new TracerProvider({
      spanProcessors: [...processors],
      resource: resourceFromAttributes({ 'service.name': serviceName }),
      idGenerator: IDS,
    });
  }

  get isOn(): boolean {
    return this.provider !== undefined;
  }

  /** Begins a span; undefined when nothing is traced. */
  start(name: string, { kind, attributes, parent, link }: SpanOptions = {}): TraceSpan | undefined {
    if (!this.provider) return undefined;
    const linked = link === undefined ? undefined : spanContextOf(link);
    const span = this.provider
      .getTracer('chatter')
      .startSpan(
        name,
        { kind, attributes, ...(linked && { links: [{ context: linked }] }) },
        parent === undefined ? this.contexts.active() : contextOf(parent),
      );
    return new TraceSpan(span);
  }

  /** Runs `work`, and all that it starts, inside of the span. */
  within<Result>(span: TraceSpan | undefined, work: () => Result): Result {
    if (!span) return work();
    return this.contexts.with(trace.setSpan(ROOT_CONTEXT, span.span), work);
  }

  /** Of the span that goes on here. */
  get traceparent(): string | undefined {
    if (!this.provider) return undefined;
    const span = trace.getSpan(this.contexts.active());
    return span && new TraceSpan(span).traceparent;
  }

  /** What has ended is sent on, as long as that does not take too long. */
  async onApplicationShutdown(): Promise<void> {
    if (!this.provider) return;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`no answer within ${FLUSH_MS} ms`)), FLUSH_MS);
    });
    try {
      await Promise.race([this.provider.shutdown(), late]);
    } catch (error) {
      new Logger('Tracing').warn(`The last spans are lost: ${String(error)}`);
    } finally {
      clearTimeout(timer);
    }
  }
}

/** A request that begins a trace gives it the id by which its log lines and problems are found. */
const IDS = {
  generateTraceId: (): string => currentRequest()?.traceId ?? randomBytes(16).toString('hex'),
  generateSpanId: (): string => randomBytes(8).toString('hex'),
};

function contextOf(traceparent: string | null): Context {
  const parent = traceparent === null ? undefined : spanContextOf(traceparent);
  return parent ? trace.setSpanContext(ROOT_CONTEXT, parent) : ROOT_CONTEXT;
}

/** Undefined for what is no traceparent. */
function spanContextOf(traceparent: string): SpanContext | undefined {
  const [, traceId, spanId, flags] = TRACEPARENT.exec(traceparent) ?? [];
  if (traceId === undefined || spanId === undefined || flags === undefined) return undefined;
  return { traceId, spanId, traceFlags: Number.parseInt(flags, 16) & 1, isRemote: true };
}
