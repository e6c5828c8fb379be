import { isIP, isIPv6 } from 'node:net';
import { targetOf } from '../egress/url-policy.js';

/** A host at one port, or at any. IPv6 addresses are without brackets. */
interface HostAndPort {
  readonly hostname: string;
  readonly port?: number;
}

const WILDCARD = '*.';

/**
 * The normal form of a host that a secret may be sent to: `host`, `host:port`, or `*.domain` with or without a port for
 * every name below a domain of at least two labels. Undefined when the text is none of them.
 */
export function hostPatternOf(text: string): string | undefined {
  const isWildcard = text.startsWith(WILDCARD);
  const host = hostOf(isWildcard ? text.slice(WILDCARD.length) : text);
  if (host === undefined) return undefined;
  if (!isWildcard) return textOf(host);
  return isIP(host.hostname) === 0 && host.hostname.includes('.') ? `${WILDCARD}${textOf(host)}` : undefined;
}

/**
 * Whether one of `patterns`, each in its normal form, includes `host`: `host`, `host:port` or a URL. A pattern with a
 * port does not include a host without one.
 */
export function includesHost(patterns: readonly string[], host: string): boolean {
  const asked = host.includes('://') ? hostOfUrl(host) : hostOf(host);
  return asked !== undefined && patterns.some((pattern) => includes(pattern, asked));
}

function includes(pattern: string, asked: HostAndPort): boolean {
  const isWildcard = pattern.startsWith(WILDCARD);
  const known = hostOf(isWildcard ? pattern.slice(WILDCARD.length) : pattern);
  if (known === undefined || (known.port !== undefined && known.port !== asked.port)) return false;
  return isWildcard ? asked.hostname.endsWith(`.${known.hostname}`) : asked.hostname === known.hostname;
}

function hostOf(text: string): HostAndPort | undefined {
  const written = isIPv6(text) ? `[${text}]` : text;
  if (/[\s/?#@\\]|:$/.test(written)) return undefined;
  const target = targetOf(`http://${written}`);
  if ('fault' in target) return undefined;
  const port = /:(\d{1,5})$/.exec(written)?.[1];
  return { hostname: target.hostname, ...(port === undefined ? {} : { port: Number(port) }) };
}

function hostOfUrl(text: string): HostAndPort | undefined {
  const target = targetOf(text);
  return 'fault' in target ? undefined : target;
}

function textOf({ hostname, port }: HostAndPort): string {
  if (port === undefined) return hostname;
  return `${isIPv6(hostname) ? `[${hostname}]` : hostname}:${port}`;
}
