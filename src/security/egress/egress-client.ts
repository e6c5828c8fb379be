import { Injectable } from '@nestjs/common';
import { Problem } from '../../platform/problem/problem.js';
import { cappedBody } from './capped-body.js';
import { EgressConnector } from './egress-connector.js';
import { exchangeFault, requestTooSlow, responseTooLarge, type Exchange } from './egress-exchange.js';
import { firstHop, follow, MAX_REDIRECTS } from './egress-route.js';
import type { Headers } from './header-policy.js';
import type { Hop } from './redirect.js';

export type EgressMethod = 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'OPTIONS';

export interface EgressRequest {
  readonly method?: EgressMethod;
  readonly url: string;
  /** See header-policy.ts for those that may not be set; Authorization and Cookie stay with the origin of `url`. */
  readonly headers?: Headers;
  readonly body?: string | Uint8Array;
  /** For everything together: names, redirects and the whole answer. Default 30,000. */
  readonly timeoutMs?: number;
  /** Counted after decompression. Default 1 MiB. */
  readonly maxResponseBytes?: number;
  /** What becomes of a larger answer: a problem (default), or its beginning. */
  readonly beyondLimit?: 'fail' | 'truncate';
  /** Default 3. With 0 a redirect is a failure: whatever it answers, the body has not arrived. */
  readonly maxRedirects?: number;
  readonly signal?: AbortSignal;
}

export interface EgressResponse {
  readonly status: number;
  /** By lower-case name; several of one name are joined by ", ". */
  readonly headers: Headers;
  /** Decompressed. */
  readonly body: Buffer;
  readonly truncated: boolean;
  /** Where the answer came from, after redirects. */
  readonly url: string;
}

const TIMEOUT_MS = 30_000;
const CHECK_TIMEOUT_MS = 5_000;
const MAX_RESPONSE_BYTES = 1_048_576;

/**
 * HTTP requests to addresses that users, workflows or models choose. A connection serves one request only, so that
 * nothing of one caller's is left on it for the next. The environment's proxy variables are not used.
 */
@Injectable()
export class EgressClient {
  constructor(private readonly connector: EgressConnector) {}

  /**
   * Whether requests to `url` would be sent at all, for an API that accepts a URL. A name that does not resolve now
   * passes: every connection is checked anew.
   * @throws Problem `egress-refused`
   */
  async check(url: string): Promise<void> {
    const target = this.connector.target(url);
    try {
      await this.connector.addresses(target, AbortSignal.timeout(CHECK_TIMEOUT_MS));
    } catch (error) {
      if (error instanceof Problem) throw error;
    }
  }

  /**
   * The host and port of `url`, which says what can be said without asking for the name's addresses.
   * @throws Problem `egress-refused`
   */
  hostOf(url: string): string {
    const { hostname, port } = this.connector.target(url);
    return `${hostname}:${port}`;
  }

  /**
   * Sends a request and follows redirects, up to three by default, each checked like the first. Any status is an answer.
   * @throws Problem `egress-refused`, `http-request-failed`, `http-request-timeout`, `http-response-too-large`; the
   * signal's reason
   */
  async request(request: EgressRequest): Promise<EgressResponse> {
    const { timeoutMs = TIMEOUT_MS, signal } = request;
    signal?.throwIfAborted();
    const controller = new AbortController();
    const stop = (): void => controller.abort(signal?.reason);
    signal?.addEventListener('abort', stop, { once: true });
    const timer = setTimeout(() => controller.abort(requestTooSlow(request.url, timeoutMs)), timeoutMs);
    try {
      return await this.answer(request, controller.signal);
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', stop);
    }
  }

  private async answer(request: EgressRequest, signal: AbortSignal): Promise<EgressResponse> {
    const { method = 'GET', url, headers = {}, body, maxRedirects = MAX_REDIRECTS } = request;
    const first = firstHop(this.connector, { method, url, headers, body });
    const { hop, exchange } = await follow(this.connector, first, maxRedirects, signal);
    try {
      return await received(hop, exchange, request);
    } catch (error) {
      throw exchangeFault(hop, error, signal);
    } finally {
      exchange.close();
    }
  }
}

async function received(
  hop: Hop,
  { status, headers, body: wire }: Exchange,
  { maxResponseBytes = MAX_RESPONSE_BYTES, beyondLimit = 'fail' }: EgressRequest,
): Promise<EgressResponse> {
  const encoding = hop.method === 'HEAD' ? undefined : headers['content-encoding'];
  const { body, truncated } = await cappedBody(wire, encoding, maxResponseBytes);
  if (truncated && beyondLimit === 'fail') throw responseTooLarge(hop, maxResponseBytes);
  return { status, headers, body, truncated, url: hop.url.href };
}
