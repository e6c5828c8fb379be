/**
 * Headers that a request may not set: those that describe the connection or the framing of the message (RFC 9110, 7.6.1)
 * are made here, Host always says what the URL says, and Accept-Encoding what can be decoded under a cap.
 */
const RESERVED: ReadonlySet<string> = new Set([
  'accept-encoding',
  'connection',
  'content-length',
  'expect',
  'host',
  'http2-settings',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** What describes the request and not its sender: all that goes along to another origin. */
const IMPERSONAL: ReadonlySet<string> = new Set(['accept', 'accept-language', 'content-type', 'user-agent']);

const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,256}$/;
// oxlint-disable-next-line no-control-regex -- they are what is looked for
const VALUE = /^[\t\u0020-\u007e\u0080-\u00ff]{0,8192}$/;

export type Headers = Readonly<Record<string, string>>;

/** What is wrong with the name of a header, as the end of "The header ..."; undefined when it may be set. */
export function headerNameFault(name: string): string | undefined {
  if (!TOKEN.test(name)) return 'has a name that is no HTTP token';
  return RESERVED.has(name.toLowerCase()) ? 'is set by the server itself and cannot be chosen' : undefined;
}

export function headerFault(name: string, value: string): string | undefined {
  if (!VALUE.test(value)) return 'has a value that is too long or holds characters that no header may hold';
  return headerNameFault(name);
}

/** The headers by lower-case name; of two that differ only in case the last counts. */
export const lowerCased = (headers: Headers): Headers =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));

/** What is left when a request moves to another origin: no Authorization, no Cookie, nothing a user invented. */
export const acrossOrigins = (headers: Headers): Headers =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => IMPERSONAL.has(name)));
