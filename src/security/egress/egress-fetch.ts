import { Injectable } from '@nestjs/common';
import { Readable } from 'node:stream';
import { cappedStream } from './capped-body.js';
import { EgressConnector } from './egress-connector.js';
import { exchangeFault, requestTooSlow, responseTooLarge, type Exchange } from './egress-exchange.js';
import { firstHop, follow, MAX_REDIRECTS, type Arrival } from './egress-route.js';
import type { Hop } from './redirect.js';

export type FetchLike = (url: string | URL, init?: RequestInit) => Promise<Response>;

export interface FetchPolicy {
  /** Until the head of the answer; the body has no clock but the request's signal. Default 30,000. */
  readonly timeoutMs?: number;
  /** Of one answer, on the wire and decoded. Default 1 MiB; an answer of `text/event-stream` has `maxStreamBytes`. */
  readonly maxResponseBytes?: number;
  /** Default 64 MiB. */
  readonly maxStreamBytes?: number;
  /** Default 3. With 0 a redirect is a failure. */
  readonly maxRedirects?: number;
}

const TIMEOUT_MS = 30_000;
const MAX_RESPONSE_BYTES = 1_048_576;
const MAX_STREAM_BYTES = 67_108_864;
/** Statuses whose answers have no body. */
const BODILESS: ReadonlySet<number> = new Set([204, 205, 304]);

/** The way out of {@link EgressClient} in the form of `fetch`, for libraries that bring requests of their own. */
@Injectable()
export class EgressFetch {
  constructor(private readonly connector: EgressConnector) {}

  /**
   * A `fetch` whose every request, and every redirect, passes the guard. Across origins no credentials, no headers of
   * the caller's own and no body go along. The answer's body is a stream: read it to its end, cancel it, or abort the
   * request's signal, each of which closes its connection. `redirect: 'manual'` answers the redirect itself.
   * @throws (what it returns) Problem `egress-refused`, `http-request-failed`, `http-request-timeout`; the signal's
   * reason; the body also fails with `http-response-too-large`
   */
  under(policy: FetchPolicy = {}): FetchLike {
    return (url, init = {}) => this.fetch(String(url), init, policy);
  }

  private async fetch(url: string, init: RequestInit, policy: FetchPolicy): Promise<Response> {
    this.connector.target(url);
    const request = new Request(url, init);
    const first = firstHop(this.connector, {
      method: request.method,
      url,
      headers: Object.fromEntries(request.headers),
      ...(request.body === null ? {} : { body: await request.bytes() }),
    });
    const controller = new AbortController();
    const stop = (): void => controller.abort(request.signal.reason);
    if (request.signal.aborted) stop();
    else request.signal.addEventListener('abort', stop, { once: true });
    const release = (): void => request.signal.removeEventListener('abort', stop);
    try {
      const arrival = await this.head(first, redirectsOf(request, policy), policy, controller);
      return responseOf(arrival, policy, controller.signal, release);
    } catch (error) {
      release();
      throw error;
    }
  }

  private async head(
    first: Hop,
    maxRedirects: number | 'manual',
    { timeoutMs = TIMEOUT_MS }: FetchPolicy,
    controller: AbortController,
  ): Promise<Arrival> {
    const timer = setTimeout(() => controller.abort(requestTooSlow(first.url.href, timeoutMs)), timeoutMs);
    try {
      return await follow(this.connector, first, maxRedirects, controller.signal);
    } finally {
      clearTimeout(timer);
    }
  }
}

const redirectsOf = ({ redirect }: Request, { maxRedirects = MAX_REDIRECTS }: FetchPolicy): number | 'manual' =>
  redirect === 'manual' ? 'manual' : redirect === 'error' ? 0 : maxRedirects;

function responseOf(
  { exchange, hop, redirects }: Arrival,
  policy: FetchPolicy,
  signal: AbortSignal,
  release: () => void,
): Response {
  const { status, headers } = exchange;
  const end = (): void => {
    exchange.close();
    release();
  };
  const hasBody = hop.method !== 'HEAD' && !BODILESS.has(status);
  if (!hasBody) end();
  const body = hasBody ? bodyOf(exchange, hop, limitOf(exchange, policy), signal, end) : null;
  const { 'content-encoding': _, 'content-length': __, ...decoded } = headers;
  const response = new Response(body, { status, headers: hasBody ? decoded : headers });
  return Object.defineProperties(response, { url: { value: hop.url.href }, redirected: { value: redirects > 0 } });
}

function bodyOf(
  { body, headers }: Exchange,
  hop: Hop,
  limit: number,
  signal: AbortSignal,
  end: () => void,
): globalThis.ReadableStream<Uint8Array> {
  const faultOf = (fault: unknown): unknown =>
    fault === 'too large' ? responseTooLarge(hop, limit) : exchangeFault(hop, fault, signal);
  try {
    const decoded = cappedStream(body, headers['content-encoding'], limit, faultOf).once('close', end);
    return Readable.toWeb(decoded) as globalThis.ReadableStream<Uint8Array>;
  } catch (error) {
    end();
    throw faultOf(error);
  }
}

function limitOf({ headers }: Exchange, policy: FetchPolicy): number {
  const { maxResponseBytes = MAX_RESPONSE_BYTES, maxStreamBytes = MAX_STREAM_BYTES } = policy;
  return headers['content-type']?.trim().toLowerCase().startsWith('text/event-stream')
    ? maxStreamBytes
    : maxResponseBytes;
}
