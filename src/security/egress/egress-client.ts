import { Injectable } from '@nestjs/common';
import type { Dispatcher } from 'undici';
import { Problem } from '../../platform/problem/problem.js';
import { ACCEPTED_ENCODINGS, cappedBody } from './capped-body.js';
import { EgressConnector } from './egress-connector.js';
import { egressRefused, httpRequestFailed, httpRequestTimeout, httpResponseTooLarge } from './egress.errors.js';
import { headerFault, lowerCased, type Headers } from './header-policy.js';
import { isRedirect, redirected, type Hop } from './redirect.js';

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
const MAX_REDIRECTS = 3;

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
   * Sends a request and follows up to three redirects, each checked like the first. Any status is an answer.
   * @throws Problem `egress-refused`, `http-request-failed`, `http-request-timeout`, `http-response-too-large`; the
   * signal's reason
   */
  async request(request: EgressRequest): Promise<EgressResponse> {
    const { timeoutMs = TIMEOUT_MS, signal } = request;
    signal?.throwIfAborted();
    const controller = new AbortController();
    const stop = (): void => controller.abort(signal?.reason);
    signal?.addEventListener('abort', stop, { once: true });
    const timer = setTimeout(() => controller.abort(tooSlow(request.url, timeoutMs)), timeoutMs);
    try {
      return await this.follow(request, controller.signal);
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', stop);
    }
  }

  private async follow(request: EgressRequest, signal: AbortSignal): Promise<EgressResponse> {
    let hop = this.firstHop(request);
    for (let redirects = 0; ; redirects++) {
      const answer = await this.send(hop, request, signal);
      if (!('location' in answer)) return answer;
      if (redirects === MAX_REDIRECTS)
        throw failed(hop, `was redirected more than ${MAX_REDIRECTS} times. Ask for the last address directly.`);
      hop = this.nextHop(hop, answer.status, answer.location);
    }
  }

  private firstHop({ method = 'GET', url, headers = {}, body }: EgressRequest): Hop {
    for (const [name, value] of Object.entries(headers)) {
      const fault = headerFault(name, value);
      if (fault !== undefined) throw egressRefused(`The header ${JSON.stringify(name.slice(0, 100))} ${fault}.`);
    }
    const { url: target } = this.connector.target(url);
    return { method, url: target, headers: lowerCased(headers), body };
  }

  private nextHop(hop: Hop, status: number, location: string): Hop {
    const { url } = this.connector.target(URL.parse(location, hop.url.href)?.href ?? location);
    const next = redirected(hop, status, url);
    if (!next) throw failed(hop, `was redirected to ${url.origin}, to which its body is not sent.`);
    return next;
  }

  private async send(
    hop: Hop,
    { maxResponseBytes = MAX_RESPONSE_BYTES, beyondLimit = 'fail' }: EgressRequest,
    signal: AbortSignal,
  ): Promise<EgressResponse | { readonly status: number; readonly location: string }> {
    const { Client } = await import('undici');
    signal.throwIfAborted();
    const client = new Client(hop.url.origin, {
      connect: this.connector.within(signal),
      pipelining: 0,
      headersTimeout: 0,
      bodyTimeout: 0,
    });
    const stop = (): void => void client.destroy(signal.reason as Error);
    signal.addEventListener('abort', stop, { once: true });
    try {
      const response = await client.request(optionsOf(hop));
      const { statusCode: status } = response;
      const headers = headersOf(response.headers);
      response.body.on('error', () => {});
      if (isRedirect(status, headers.location)) return { status, location: headers.location };
      const encoding = hop.method === 'HEAD' ? undefined : headers['content-encoding'];
      const { body, truncated } = await cappedBody(response.body, encoding, maxResponseBytes);
      if (truncated && beyondLimit === 'fail') throw tooLarge(hop, maxResponseBytes);
      return { status, headers, body, truncated, url: hop.url.href };
    } catch (error) {
      if (error instanceof Problem) throw error;
      if (signal.aborted) throw signal.reason;
      throw failed(hop, `failed (${codeOf(error)}). Check the address, or try again.`, error);
    } finally {
      signal.removeEventListener('abort', stop);
      void client.destroy();
    }
  }
}

const optionsOf = ({ method, url, headers, body }: Hop): Dispatcher.RequestOptions => ({
  method: method as EgressMethod,
  path: url.pathname + url.search,
  headers: { accept: '*/*', 'user-agent': 'chatter', ...headers, 'accept-encoding': ACCEPTED_ENCODINGS },
  body,
});

const headersOf = (headers: Record<string, string | string[] | undefined>): Headers =>
  Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      value === undefined ? [] : [[name.toLowerCase(), Array.isArray(value) ? value.join(', ') : value]],
    ),
  );

const shown = ({ method, url }: Pick<Hop, 'method' | 'url'>): string =>
  `${method} ${url.origin}${url.pathname}`.slice(0, 300);

const failed = (hop: Hop, what: string, cause?: unknown): Problem =>
  httpRequestFailed(`The request ${shown(hop)} ${what}`, { cause });

const tooLarge = (hop: Hop, limit: number): Problem =>
  httpResponseTooLarge(`The answer to ${shown(hop)} is larger than ${limit} bytes. Ask for a part of it.`, {
    extensions: { limit },
  });

function tooSlow(url: string, timeoutMs: number): Problem {
  const { origin } = URL.parse(url) ?? { origin: 'the address' };
  return httpRequestTimeout(
    `The request to ${origin} took longer than ${timeoutMs} ms. Raise its timeoutMs, or try again.`,
    {
      extensions: { limit: 'timeoutMs', value: timeoutMs },
    },
  );
}

function codeOf(error: unknown): string {
  const { code, name } =
    typeof error === 'object' && error !== null ? (error as { code?: unknown; name?: unknown }) : {};
  return typeof code === 'string' ? code : typeof name === 'string' ? name : 'unknown reason';
}
