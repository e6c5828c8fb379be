import type { Readable } from 'node:stream';
import type { Dispatcher } from 'undici';
import { Problem } from '../../platform/problem/problem.js';
import { ACCEPTED_ENCODINGS } from './capped-body.js';
import type { EgressConnector } from './egress-connector.js';
import { httpRequestFailed, httpRequestTimeout, httpResponseTooLarge } from './egress.errors.js';
import type { Headers } from './header-policy.js';
import type { Hop } from './redirect.js';

/** The head of an answer, and its body as the wire brings it. */
export interface Exchange {
  readonly status: number;
  /** By lower-case name; several of one name are joined by ", ". */
  readonly headers: Headers;
  /** Not decoded. */
  readonly body: Readable;
  /** Ends the connection: whoever opened the exchange calls it, whatever came of it. */
  close(): void;
}

/**
 * Sends one request over a connection of its own, which lasts until `close` or `signal`.
 * @throws Problem `egress-refused`, `http-request-failed`; the signal's reason
 */
export async function openExchange(connector: EgressConnector, hop: Hop, signal: AbortSignal): Promise<Exchange> {
  const { Client } = await import('undici');
  signal.throwIfAborted();
  const client = new Client(hop.url.origin, {
    connect: connector.within(signal),
    pipelining: 0,
    headersTimeout: 0,
    bodyTimeout: 0,
  });
  const stop = (): void => void client.destroy(signal.reason as Error);
  signal.addEventListener('abort', stop, { once: true });
  const close = (): void => {
    signal.removeEventListener('abort', stop);
    void client.destroy();
  };
  try {
    const { statusCode: status, headers, body } = await client.request(optionsOf(hop));
    body.on('error', () => {});
    return { status, headers: headersOf(headers), body, close };
  } catch (error) {
    close();
    throw exchangeFault(hop, error, signal);
  }
}

/** What to throw for an error of an exchange or of its body. */
export function exchangeFault(hop: Hop, error: unknown, signal: AbortSignal): unknown {
  if (error instanceof Problem) return error;
  if (signal.aborted) return signal.reason;
  return requestFailed(hop, `failed (${codeOf(error)}). Check the address, or try again.`, error);
}

export const requestFailed = (hop: Hop, what: string, cause?: unknown): Problem =>
  httpRequestFailed(`The request ${shown(hop)} ${what}`, { cause });

export const responseTooLarge = (hop: Hop, limit: number): Problem =>
  httpResponseTooLarge(`The answer to ${shown(hop)} is larger than ${limit} bytes. Ask for a part of it.`, {
    extensions: { limit },
  });

export function requestTooSlow(url: string, timeoutMs: number): Problem {
  const { origin } = URL.parse(url) ?? { origin: 'the address' };
  return httpRequestTimeout(
    `The request to ${origin} took longer than ${timeoutMs} ms. Raise its timeoutMs, or try again.`,
    {
      extensions: { limit: 'timeoutMs', value: timeoutMs },
    },
  );
}

/** Without its query, which may hold what nobody else should read. */
const shown = ({ method, url }: Pick<Hop, 'method' | 'url'>): string =>
  `${method} ${url.origin}${url.pathname}`.slice(0, 300);

const optionsOf = ({ method, url, headers, body }: Hop): Dispatcher.RequestOptions => ({
  method: method as Dispatcher.HttpMethod,
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

function codeOf(error: unknown): string {
  const { code, name } =
    typeof error === 'object' && error !== null ? (error as { code?: unknown; name?: unknown }) : {};
  return typeof code === 'string' ? code : typeof name === 'string' ? name : 'unknown reason';
}
