/** Where a request goes. */
export interface Target {
  /** Normalised: ASCII lower-case host without a trailing dot, no credentials, no fragment. */
  readonly url: URL;
  /** A name or an IP address, without brackets. */
  readonly hostname: string;
  readonly port: number;
}

/** Longest URL, in characters. */
export const MAX_URL_LENGTH = 8192;
const MAX_NAME_LENGTH = 253;

/** One parser reads a URL here, WHATWG's: what it would repair in silence is refused when another could read it otherwise. */
// oxlint-disable-next-line no-control-regex -- they are what is looked for
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/;
const BACKSLASH_BEFORE_QUERY = /^[^?#]*\\/;
const EMPTY_CREDENTIALS = /^\s*https?:\/+[^/?#]*@/i;
const NAME = /^(?!-)[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*$/;

/**
 * Reads a URL that something may be sent to: http or https, no credentials, a plain host. Numbers that stand for an
 * IPv4 address in any form come out dotted, names in punycode. Says nothing about which addresses are allowed.
 * @returns the target, or what is wrong, as the end of the sentence "The URL ..."
 */
export function targetOf(text: string): Target | { readonly fault: string } {
  if (text.length > MAX_URL_LENGTH) return { fault: `is longer than ${MAX_URL_LENGTH} characters` };
  if (CONTROL.test(text)) return { fault: 'holds a control character' };
  if (BACKSLASH_BEFORE_QUERY.test(text)) return { fault: 'holds a backslash before its query' };
  const url = URL.parse(text);
  if (!url) return { fault: 'is not a valid absolute URL' };
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return { fault: 'must begin with http:// or https://' };
  if (!/^\s*https?:\/\//i.test(text)) return { fault: 'must have two slashes after its scheme' };
  if (url.username !== '' || url.password !== '' || EMPTY_CREDENTIALS.test(text))
    return { fault: 'must not hold a user name or password; send an Authorization header instead' };
  const host = url.hostname.replace(/\.$/, '');
  const hostname = host.startsWith('[') ? host.slice(1, -1) : host;
  if (!host.startsWith('[') && !(NAME.test(host) && host.length <= MAX_NAME_LENGTH))
    return { fault: 'has a host that is no valid name' };
  url.hostname = host;
  url.hash = '';
  const port = url.port === '' ? defaultPort(url) : Number(url.port);
  return { url, hostname, port };
}

const defaultPort = ({ protocol }: URL): number => (protocol === 'https:' ? 443 : 80);
