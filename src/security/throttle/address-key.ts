import { isIPv6 } from 'node:net';

/**
 * What counts as one address: an IPv4 address, also one mapped into IPv6, or the /64 that an IPv6 client can choose
 * addresses from at will.
 */
export function addressKey(address: string): string {
  const [ip = ''] = address.split('%');
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(ip)?.[1];
  if (mapped !== undefined) return mapped;
  return isIPv6(ip) ? `${groupsOf(ip).slice(0, 4).join(':')}::/64` : ip;
}

/** The eight groups of an IPv6 address, without leading zeros. */
function groupsOf(ip: string): readonly string[] {
  const [head = '', tail] = ip.toLowerCase().split('::');
  const first = split(head);
  const last = split(tail ?? '');
  const omitted = tail === undefined ? 0 : 8 - first.length - last.length;
  return [...first, ...Array<string>(Math.max(0, omitted)).fill('0'), ...last].map((group) =>
    group.replace(/^0+(?=.)/, ''),
  );
}

/** A dotted ending stands for two groups; which ones does not matter to a prefix. */
const split = (part: string): string[] =>
  part === '' ? [] : part.split(':').flatMap((group) => (group.includes('.') ? ['0', '0'] : [group]));
