import fc from 'fast-check';
import { addressFault } from './address-policy.js';

/** Written anew from the IANA registries, as a second opinion: [first byte pattern as CIDR]. */
const SPECIAL_IPV4: readonly (readonly [number, number, number, number, number])[] = [
  [0, 0, 0, 0, 8],
  [10, 0, 0, 0, 8],
  [100, 64, 0, 0, 10],
  [127, 0, 0, 0, 8],
  [168, 63, 129, 16, 32],
  [169, 254, 0, 0, 16],
  [172, 16, 0, 0, 12],
  [192, 0, 0, 0, 24],
  [192, 0, 2, 0, 24],
  [192, 31, 196, 0, 24],
  [192, 52, 193, 0, 24],
  [192, 88, 99, 0, 24],
  [192, 168, 0, 0, 16],
  [192, 175, 48, 0, 24],
  [198, 18, 0, 0, 15],
  [198, 51, 100, 0, 24],
  [203, 0, 113, 0, 24],
  [224, 0, 0, 0, 4],
  [240, 0, 0, 0, 4],
];

const numberOf = (bytes: readonly number[]): number => bytes.reduce((sum, byte) => sum * 256 + byte, 0);
const isSpecial = (bytes: readonly number[]): boolean =>
  SPECIAL_IPV4.some(([a, b, c, d, bits]) => {
    const size = 2 ** (32 - bits);
    return Math.floor(numberOf(bytes) / size) === Math.floor(numberOf([a, b, c, d]) / size);
  });

const byte = fc.integer({ min: 0, max: 255 });
const anyIpv4 = fc.tuple(byte, byte, byte, byte);
const specialIpv4 = fc
  .tuple(fc.constantFrom(...SPECIAL_IPV4), fc.integer({ min: 0, max: 2 ** 32 - 1 }))
  .map(([[a, b, c, d, bits], noise]) => {
    const size = 2 ** (32 - bits);
    const value = numberOf([a, b, c, d]) + (noise % size);
    return [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256);
  });

const dotted = (bytes: readonly number[]): string => bytes.join('.');
const group = (high = 0, low = 0): string => (high * 256 + low).toString(16);
const hexadecimal = ([a, b, c, d]: readonly number[]): string => `${group(a, b)}:${group(c, d)}`;

/** IPv6 addresses that end up at the IPv4 address inside them. */
const EMBEDDINGS: Readonly<Record<string, (bytes: readonly number[]) => string>> = {
  mapped: (bytes) => `::ffff:${dotted(bytes)}`,
  'mapped, hexadecimal': (bytes) => `::ffff:${hexadecimal(bytes)}`,
  'mapped, in full': (bytes) => `0:0:0:0:0:ffff:${hexadecimal(bytes)}`,
  compatible: (bytes) => `::${dotted(bytes)}`,
  translated: (bytes) => `::ffff:0:${dotted(bytes)}`,
  NAT64: (bytes) => `64:ff9b::${dotted(bytes)}`,
  'local NAT64': (bytes) => `64:ff9b:1::${hexadecimal(bytes)}`,
  '6to4': (bytes) => `2002:${hexadecimal(bytes)}::1`,
  Teredo: (bytes) => `2001:0:${hexadecimal(bytes)}::1`,
  'Teredo client': (bytes) => `2001:0:808:808:0:0:${hexadecimal(bytes.map((value) => 255 - value))}`,
  ISATAP: (bytes) => `2600:1:2:3:0:5efe:${hexadecimal(bytes)}`,
  'ISATAP, universal': (bytes) => `2600:1:2:3:200:5efe:${hexadecimal(bytes)}`,
};

describe('the policy of addresses', () => {
  it.each(['1.1.1.1', '93.184.216.34', '198.41.0.4', '2606:4700:4700::1111', '2001:500:2::c', '2a00:1450::1'])(
    'lets %s pass as public',
    (address) => expect(addressFault(address)).toBeUndefined(),
  );

  it('agrees with the registries of special addresses about every IPv4 address', () => {
    fc.assert(
      fc.property(fc.oneof(anyIpv4, specialIpv4), (bytes) => {
        expect(addressFault(dotted(bytes)) !== undefined).toBe(isSpecial(bytes));
      }),
      { numRuns: 3_000 },
    );
  });

  it.each(Object.entries(EMBEDDINGS))('refuses special IPv4 addresses inside IPv6: %s', (_, embedded) => {
    fc.assert(fc.property(specialIpv4, (bytes) => expect(addressFault(embedded(bytes))).toBeDefined()));
  });

  it.each(['mapped', 'NAT64', 'ISATAP'])('lets a public IPv4 address pass inside IPv6: %s', (form) => {
    expect(addressFault(EMBEDDINGS[form]!([93, 184, 216, 34]))).toBeUndefined();
  });

  it('refuses every IPv6 address outside of 2000::/3, except NAT64', () => {
    const parts = fc.array(fc.integer({ min: 0, max: 0xffff }), { minLength: 8, maxLength: 8 });
    const outside = parts.filter(([first = 0, second]) => first >> 13 !== 1 && !(first === 0x64 && second === 0xff9b));
    fc.assert(
      fc.property(outside, (address) => {
        expect(addressFault(address.map((part) => part.toString(16)).join(':'))).toBeDefined();
      }),
    );
  });

  it.each([
    ['127.0.0.1', 'a loopback address'],
    ['::1', 'a loopback address'],
    ['10.1.2.3', 'a private address'],
    ['fd12::1', 'a private address'],
    ['100.64.0.1', 'an address of carrier-grade NAT'],
    ['169.254.169.254', 'a cloud metadata address'],
    ['168.63.129.16', 'a cloud metadata address'],
    ['fd00:ec2::254', 'a cloud metadata address'],
    ['::ffff:169.254.169.254', 'a cloud metadata address'],
    ['169.254.1.1', 'a link-local address'],
    ['::', 'an unspecified address'],
    ['::7f00:1', 'not a public address'],
    ['2001:db8::1', 'a reserved address'],
    ['5f00::1', 'not a public address'],
  ])('says what %s is', (address, what) => expect(addressFault(address)).toBe(what));

  it.each([
    '',
    'localhost',
    '127.1',
    '010.0.0.1',
    '0x7f.0.0.1',
    '2130706433',
    '1.1.1.1%eth0',
    '2606::1%lo',
    '1.1.1.1 ',
  ])('takes %j for no address', (text) => expect(addressFault(text)).toBe('no IP address'));

  it('answers any text without failing', () => {
    fc.assert(fc.property(fc.oneof(fc.string(), fc.ipV4Extended(), fc.ipV6()), (text) => void addressFault(text)));
  });
});
