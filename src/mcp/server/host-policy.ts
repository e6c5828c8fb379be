/** Names under which only this machine is reached. */
const LOOPBACK = ['localhost', '127.0.0.1', '[::1]'];

/** Addresses that stand for every interface, and name none. */
const WILDCARDS = new Set(['0.0.0.0', '::', '']);

/** The host names, as URLs write them, that a server listening on `listensOn` answers to. */
export function hostNames(configured: readonly string[], listensOn: string): ReadonlySet<string> {
  const own = WILDCARDS.has(listensOn) ? [] : [listensOn];
  return new Set([...LOOPBACK, ...[...configured, ...own].flatMap((name) => hostNameOf(bracketed(name)) ?? [])]);
}

/** Whether a `Host` header names one of `allowed`, on whatever port. */
export function isAllowedHost(host: string | undefined, allowed: ReadonlySet<string>): boolean {
  const name = hostNameOf(host);
  return name !== undefined && allowed.has(name);
}

export interface OriginQuestion {
  readonly origin: string | undefined;
  /** The `Host` header of the same request. */
  readonly host: string | undefined;
  /** `CORS_ORIGINS`. */
  readonly trusted: readonly string[];
}

/**
 * Whether a request may come from `origin`: from no web page, a page of this very host, or one of a trusted origin.
 * The scheme is not compared with the host's own: a proxy in front may be the one that speaks TLS.
 */
export function isAllowedOrigin({ origin, host, trusted }: OriginQuestion): boolean {
  if (origin === undefined) return true;
  const url = originUrl(origin);
  if (!url) return false;
  if (trusted.includes('*') || trusted.some((other) => originUrl(other)?.origin === url.origin)) return true;
  return hostNameOf(host) !== undefined && url.host === new URL(`${url.protocol}//${host}`).host;
}

/** The lower-case name in a `Host` header; undefined when the header is anything else than a name and perhaps a port. */
function hostNameOf(host: string | undefined): string | undefined {
  if (host === undefined || !/^[\w.:[\]-]{1,261}$/.test(host)) return undefined;
  try {
    return new URL(`http://${host}`).hostname;
  } catch {
    return undefined;
  }
}

/** What a browser sends as `Origin`: scheme, name and port of a web page, and nothing else. */
function originUrl(origin: string): URL | undefined {
  if (origin.length > 300 || !/^https?:\/\/[\w.:[\]-]+$/.test(origin)) return undefined;
  try {
    return new URL(origin);
  } catch {
    return undefined;
  }
}

/** An IPv6 address as a host header writes it. */
const bracketed = (name: string): string => (name.split(':').length > 2 && !name.startsWith('[') ? `[${name}]` : name);
