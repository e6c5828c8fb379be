import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { eventually } from './eventually.js';

/** A span as it was sent. */
export interface SentSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: number;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly links: readonly { readonly traceId: string; readonly spanId: string }[];
  readonly isError: boolean;
}

type Json = ReturnType<typeof JSON.parse>;

/** Takes traces as an OpenTelemetry collector does, OTLP over HTTP in JSON. */
export class TraceCollector {
  readonly spans: SentSpan[] = [];
  /** Everything that was sent, as text. */
  sent = '';
  /** The headers of the last request. */
  headers: Readonly<Record<string, unknown>> = {};

  private constructor(private readonly server: Server) {
    server.on('request', (request, response) => {
      void text(request).then((body) => {
        this.headers = request.headers;
        this.sent += body;
        if (request.url === '/v1/traces') this.spans.push(...spansOf(JSON.parse(body)));
        response.writeHead(200, { 'Content-Type': 'application/json' }).end('{}');
      });
    });
  }

  static async start(): Promise<TraceCollector> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new TraceCollector(server);
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** The spans of a trace once one of this name is among them. */
  async trace(
    traceId: string,
    until: string | ((spans: readonly SentSpan[]) => boolean),
  ): Promise<readonly SentSpan[]> {
    const isWhole =
      typeof until === 'function' ? until : (spans: readonly SentSpan[]) => spans.some(({ name }) => name === until);
    return eventually(
      () => {
        const spans = this.spans.filter((span) => span.traceId === traceId);
        return isWhole(spans) && spans;
      },
      { what: `trace ${traceId} with ${String(until)}; there are ${this.spans.map(({ name }) => name).join(', ')}` },
    );
  }

  async stop(): Promise<void> {
    this.server.close();
    this.server.closeAllConnections();
    await once(this.server, 'close').catch(() => undefined);
  }
}

function spansOf({ resourceSpans }: Json): readonly SentSpan[] {
  return resourceSpans.flatMap(({ scopeSpans }: Json) =>
    scopeSpans.flatMap(({ spans }: Json) =>
      spans.map(({ attributes, links = [], status, ...span }: Json) => ({
        ...span,
        attributes: Object.fromEntries(attributes.map(({ key, value }: Json) => [key, plain(value)])),
        links: links.map(({ traceId, spanId }: Json) => ({ traceId, spanId })),
        isError: status?.code === 2,
      })),
    ),
  );
}

function plain(value: Json): unknown {
  if ('arrayValue' in value) return value.arrayValue.values.map(plain);
  return Object.values(value)[0];
}

/** The tree of a trace: each span with those inside of it, by name and in order of their names. */
export function treeOf(spans: readonly SentSpan[], parent: string | undefined): Json {
  const children = spans.filter(({ parentSpanId }) => parentSpanId === parent);
  return children
    .map(({ name, spanId }): [string, unknown] => [name, treeOf(spans, spanId)])
    .toSorted(([left], [right]) => (left < right ? -1 : left > right ? 1 : 0));
}
