import fc from 'fast-check';
import { MAX_URL_LENGTH, targetOf } from './url-policy.js';

const shown = (text: string): string => {
  const target = targetOf(text);
  return 'fault' in target ? target.fault : `${target.hostname} ${target.port} ${target.url.href}`;
};

describe('reading the URL of an outgoing request', () => {
  it.each([
    ['http://example.com', 'example.com 80 http://example.com/'],
    ['https://example.com/a?b=c#d', 'example.com 443 https://example.com/a?b=c'],
    ['HTTPS://EXAMPLE.com:8443/', 'example.com 8443 https://example.com:8443/'],
    ['https://example.com./', 'example.com 443 https://example.com/'],
    ['https://bücher.example/', 'xn--bcher-kva.example 443 https://xn--bcher-kva.example/'],
    ['https://example.com/?q=a b\\c', 'example.com 443 https://example.com/?q=a%20b\\c'],
    ['https://example.com/a//b@c', 'example.com 443 https://example.com/a//b@c'],
    ['http://[2606:4700:0:0::1111]:8080/', '2606:4700::1111 8080 http://[2606:4700::1111]:8080/'],
    ['http://0x7f.1/', '127.0.0.1 80 http://127.0.0.1/'],
    ['http://017700000001/', '127.0.0.1 80 http://127.0.0.1/'],
    ['http://2130706433./', '127.0.0.1 80 http://127.0.0.1/'],
    ['http://①②⑦.⓪.⓪.①/', '127.0.0.1 80 http://127.0.0.1/'],
    ['http://my_service:9000/', 'my_service 9000 http://my_service:9000/'],
  ])('reads %s', (text, expected) => expect(shown(text)).toBe(expected));

  it.each([
    ['ftp://example.com/', 'must begin with http:// or https://'],
    ['example.com', 'is not a valid absolute URL'],
    ['//example.com/', 'is not a valid absolute URL'],
    ['http:example.com', 'must have two slashes after its scheme'],
    ['https://user@example.com/', 'must not hold a user name or password; send an Authorization header instead'],
    ['https://:word@example.com/', 'must not hold a user name or password; send an Authorization header instead'],
    ['https://@example.com/', 'must not hold a user name or password; send an Authorization header instead'],
    ['https://example.com\\@other.example/', 'holds a backslash before its query'],
    ['https://exam\nple.com/', 'holds a control character'],
    ['https://example.com/\u0000', 'holds a control character'],
    ['https://example.com../', 'has a host that is no valid name'],
    ['https://.example.com/', 'has a host that is no valid name'],
    ["https://exam'ple.com/", 'has a host that is no valid name'],
    [`https://${'a'.repeat(64)}.example/`, 'has a host that is no valid name'],
    [`https://${'a.'.repeat(127)}a/`, 'has a host that is no valid name'],
    ['https://1.2.3.256/', 'is not a valid absolute URL'],
    ['https://example.com:65536/', 'is not a valid absolute URL'],
    [`https://example.com/${'a'.repeat(MAX_URL_LENGTH)}`, `is longer than ${MAX_URL_LENGTH} characters`],
  ])('refuses %s', (text, fault) => expect(shown(text)).toBe(fault));

  it('never answers a target with credentials, another scheme, a fragment, or a host in two forms', () => {
    const part = fc.oneof(
      fc.constantFrom(
        'http',
        'https',
        ':',
        '/',
        '//',
        '@',
        '\\',
        '?',
        '#',
        '.',
        '[',
        ']',
        '%',
        '127.0.0.1',
        '::1',
        'a.b',
      ),
      fc.string({ unit: 'binary', maxLength: 4 }),
    );
    const text = fc.array(part, { maxLength: 12 }).map((parts) => parts.join(''));
    const url = fc.oneof(
      text,
      text.map((rest) => `http://${rest}`),
      fc.webUrl({ withFragments: true }),
    );
    fc.assert(
      fc.property(url, (given) => {
        const target = targetOf(given);
        if ('fault' in target) return;
        expect(['http:', 'https:']).toContain(target.url.protocol);
        expect(target.url.username + target.url.password + target.url.hash).toBe('');
        expect(target.url.hostname.replace(/^\[|\]$/g, '')).toBe(target.hostname);
        expect(targetOf(target.url.href)).toEqual(target);
      }),
      { numRuns: 2_000 },
    );
  });
});
