import ipaddr from 'ipaddr.js';
import { isIP } from 'node:net';

/**
 * Addresses at which clouds hand credentials or configuration to whoever asks, in normalised form: AWS (EC2, ECS, EKS),
 * GCP, Azure (also its wire server), Alibaba, Oracle, Scaleway. No range of an allow list includes them.
 */
const METADATA: ReadonlySet<string> = new Set([
  '169.254.169.254',
  '169.254.170.2',
  '169.254.170.23',
  '169.254.42.42',
  '168.63.129.16',
  '100.100.100.200',
  '192.0.0.192',
  'fd00:ec2::254',
  'fd00:ec2::23',
  'fd20:ce::254',
  'fd00:42::42',
]);

const NAMES: Readonly<Record<string, string>> = {
  private: 'a private address',
  uniqueLocal: 'a private address',
  loopback: 'a loopback address',
  linkLocal: 'a link-local address',
  unspecified: 'an unspecified address',
  carrierGradeNat: 'an address of carrier-grade NAT',
  multicast: 'a multicast address',
  broadcast: 'a broadcast address',
  reserved: 'a reserved address',
  teredo: 'a Teredo address',
  '6to4': 'a 6to4 address',
};

/** The whole of IPv6 that is given out for public use. */
const GLOBAL_UNICAST = ipaddr.IPv6.parseCIDR('2000::/3');
const NAT64 = ipaddr.IPv6.parseCIDR('64:ff9b::/96');

/**
 * Why nothing may be sent to an address, as what it is ("a private address"); undefined when it is public. An IPv4
 * address inside an IPv6 one (mapped, NAT64, ISATAP) counts as itself; 6to4, Teredo and IPv4-compatible addresses are
 * never public.
 */
export function addressFault(text: string): string | undefined {
  const address = addressOf(text);
  return address ? faultOf(address) : 'no IP address';
}

function faultOf(address: ipaddr.IPv4 | ipaddr.IPv6): string | undefined {
  if (isMetadata(address)) return 'a cloud metadata address';
  if (address instanceof ipaddr.IPv4) return rangeFault(address.range());
  if (address.match(NAT64)) return faultOf(lastFourBytes(address));
  if (!address.match(GLOBAL_UNICAST)) return rangeFault(address.range()) ?? 'not a public address';
  return rangeFault(address.range()) ?? (isIsatap(address) ? faultOf(lastFourBytes(address)) : undefined);
}

const rangeFault = (range: string): string | undefined =>
  range === 'unicast' ? undefined : (NAMES[range] ?? 'not a public address');

/**
 * An address in the form `net.isIP` accepts, without a zone; one that maps IPv4 into IPv6 as IPv4. Undefined for
 * anything else, such as octal or short forms.
 */
export function addressOf(text: string): ipaddr.IPv4 | ipaddr.IPv6 | undefined {
  return isIP(text) === 0 || text.includes('%') ? undefined : ipaddr.process(text);
}

export const isMetadata = (address: ipaddr.IPv4 | ipaddr.IPv6): boolean =>
  METADATA.has(address instanceof ipaddr.IPv6 ? address.toRFC5952String() : address.toString());

/** RFC 5214: the interface identifier is 0000:5efe or 0200:5efe, then an IPv4 address. */
const isIsatap = ({ parts }: ipaddr.IPv6): boolean => (parts[4] === 0 || parts[4] === 0x200) && parts[5] === 0x5efe;

const lastFourBytes = (address: ipaddr.IPv6): ipaddr.IPv4 => new ipaddr.IPv4(address.toByteArray().slice(12));
