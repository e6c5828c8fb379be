import ipaddr from 'ipaddr.js';
import { isIPv6 } from 'node:net';
import { addressFault, addressOf, isMetadata } from './address-policy.js';
import { targetOf, type Target } from './url-policy.js';

/** What the operator allows beyond public addresses: a name or a range of addresses, at one port or at any. */
export interface Allowed {
  readonly name?: string;
  readonly range?: readonly [ipaddr.IPv4 | ipaddr.IPv6, number];
  readonly port?: number;
}

export interface PortRange {
  readonly first: number;
  readonly last: number;
}

export interface EgressRules {
  readonly allow: readonly Allowed[];
  /** Ports of addresses that `allow` does not name. */
  readonly ports: readonly PortRange[];
}

/**
 * Why a request to `target`, whose host has these addresses, is refused; undefined when it may be sent. A name in the
 * allow list is trusted with whatever it resolves to. Otherwise every address must be public and the port allowed, or
 * the address in the list. The sentence tells what kind of address a name has, never which.
 */
export function refusal(
  { hostname, port }: Pick<Target, 'hostname' | 'port'>,
  addresses: readonly string[],
  { allow, ports }: EgressRules,
): string | undefined {
  if (allow.some((entry) => entry.name === hostname && reaches(entry, port))) return undefined;
  for (const text of addresses) {
    const address = addressOf(text);
    if (address && allow.some((entry) => holds(entry, address) && reaches(entry, port))) continue;
    const fault = addressFault(text);
    if (fault !== undefined) return text === hostname ? `it is ${fault}` : `its name resolves to ${fault}`;
    if (!ports.some(({ first, last }) => first <= port && port <= last)) return `port ${port} is not allowed`;
  }
  return undefined;
}

const reaches = (entry: Allowed, port: number): boolean => entry.port === undefined || entry.port === port;

/** A range never includes a metadata address, unless it is that address alone. */
function holds({ range }: Allowed, address: ipaddr.IPv4 | ipaddr.IPv6): boolean {
  if (!range || range[0].kind() !== address.kind()) return false;
  const [base, bits] = range;
  return address.match(base, bits) && (bits === address.toByteArray().length * 8 || !isMetadata(address));
}

/** Reads `host`, `host:port`, an address (in brackets when IPv6 with a port) or a CIDR range; undefined when it is none. */
export function allowedOf(text: string): Allowed | undefined {
  if (text.includes('/')) return rangeOf(text);
  const target = targetOf(`http://${isIPv6(text) ? `[${text}]` : text}`);
  if ('fault' in target || target.url.pathname !== '/' || target.url.search !== '' || /[?#]/.test(text))
    return undefined;
  const port = isIPv6(text) ? undefined : /:(\d+)$/.exec(text)?.[1];
  const address = addressOf(target.hostname);
  const subject = address ? { range: [address, address.toByteArray().length * 8] as const } : { name: target.hostname };
  return port === undefined ? subject : { ...subject, port: Number(port) };
}

function rangeOf(text: string): Allowed | undefined {
  const [base = '', bits = ''] = text.split('/');
  const address = addressOf(base);
  if (!address || !/^\d{1,3}$/.test(bits) || text.split('/').length !== 2) return undefined;
  return Number(bits) <= address.toByteArray().length * 8 ? { range: [address, Number(bits)] } : undefined;
}

/** Reads `443` or `1024-65535`; undefined when it is neither. */
export function portRangeOf(text: string): PortRange | undefined {
  const [, first, last = first] = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text) ?? [];
  const range = { first: Number(first), last: Number(last) };
  return range.first >= 1 && range.first <= range.last && range.last <= 65_535 ? range : undefined;
}
