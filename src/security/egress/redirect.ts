import { acrossOrigins, type Headers } from './header-policy.js';

/** One request of a chain of redirects. Header names are in lower case. */
export interface Hop {
  readonly method: string;
  readonly url: URL;
  readonly headers: Headers;
  readonly body?: string | Uint8Array;
}

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/** Whether an answer sends the request elsewhere; without a Location it is an answer like any other. */
export const isRedirect = (status: number, location: string | undefined): location is string =>
  REDIRECTS.has(status) && location !== undefined;

/**
 * The request that follows a redirect to `url`, as browsers make it (Fetch, 4.4), but stricter: across origins only
 * impersonal headers go along, and a body never does. Undefined when the body would have to.
 */
export function redirected(hop: Hop, status: number, url: URL): Hop | undefined {
  const plain = becomesGet(hop.method, status) ? withoutBody(hop) : hop;
  if (url.origin === hop.url.origin) return { ...plain, url };
  if (plain.body !== undefined) return undefined;
  return { ...plain, url, headers: acrossOrigins(plain.headers) };
}

const becomesGet = (method: string, status: number): boolean =>
  status === 303 ? method !== 'GET' && method !== 'HEAD' : (status === 301 || status === 302) && method === 'POST';

function withoutBody({ url, headers }: Hop): Hop {
  const { 'content-type': _, ...kept } = headers;
  return { method: 'GET', url, headers: kept };
}
