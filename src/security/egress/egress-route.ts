import type { Problem } from '../../platform/problem/problem.js';
import type { EgressConnector } from './egress-connector.js';
import { openExchange, requestFailed, type Exchange } from './egress-exchange.js';
import { egressRefused } from './egress.errors.js';
import { headerFault, lowerCased, type Headers } from './header-policy.js';
import { isRedirect, redirected, type Hop } from './redirect.js';

export const MAX_REDIRECTS = 3;

/** An answer, and the request of the chain that it answers. */
export interface Arrival {
  readonly exchange: Exchange;
  readonly hop: Hop;
  readonly redirects: number;
}

export interface Outset {
  readonly method: string;
  readonly url: string;
  readonly headers: Headers;
  readonly body?: string | Uint8Array;
}

/** The first request of a chain. @throws Problem `egress-refused` for its URL or a header */
export function firstHop(connector: EgressConnector, { method, url, headers, body }: Outset): Hop {
  for (const [name, value] of Object.entries(headers)) {
    const fault = headerFault(name, value);
    if (fault !== undefined) throw egressRefused(`The header ${JSON.stringify(name.slice(0, 100))} ${fault}.`);
  }
  const { url: target } = connector.target(url);
  return { method, url: target, headers: lowerCased(headers), body };
}

/**
 * Sends a request and those that it is redirected to, each checked like the first, until something else than a redirect
 * is answered, or the first answer when they are left to the caller. The caller closes the exchange.
 * @throws Problem `egress-refused`, `http-request-failed`; the signal's reason
 */
export async function follow(
  connector: EgressConnector,
  first: Hop,
  maxRedirects: number | 'manual',
  signal: AbortSignal,
): Promise<Arrival> {
  let hop = first;
  for (let redirects = 0; ; redirects++) {
    const exchange = await openExchange(connector, hop, signal);
    const { location } = exchange.headers;
    if (maxRedirects === 'manual' || !isRedirect(exchange.status, location)) return { exchange, hop, redirects };
    exchange.close();
    if (redirects === maxRedirects) throw tooMany(hop, maxRedirects);
    hop = nextHop(connector, hop, exchange.status, location);
  }
}

function nextHop(connector: EgressConnector, hop: Hop, status: number, location: string): Hop {
  const { url } = connector.target(URL.parse(location, hop.url.href)?.href ?? location);
  const next = redirected(hop, status, url);
  if (!next) throw requestFailed(hop, `was redirected to ${url.origin}, to which its body is not sent.`);
  return next;
}

function tooMany(hop: Hop, maxRedirects: number): Problem {
  const times = maxRedirects === 0 ? '' : ` more than ${maxRedirects} times`;
  return requestFailed(hop, `was redirected${times}. Ask for the last address directly.`);
}
