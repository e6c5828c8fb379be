/** The `host:port` of a provider's address, to which its key is bound. */
export function keyHostOf(baseUrl: string): string {
  const { host, port, protocol } = new URL(baseUrl);
  return port === '' ? `${host}:${protocol === 'https:' ? 443 : 80}` : host;
}
