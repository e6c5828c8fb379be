import fc from 'fast-check';
import { hostPatternOf, includesHost } from './host-pattern.js';

describe('the hosts of a secret', () => {
  it.each([
    ['api.example.com', 'api.example.com'],
    ['API.Example.com.', 'api.example.com'],
    ['api.example.com:8443', 'api.example.com:8443'],
    ['api.example.com:443', 'api.example.com:443'],
    ['*.example.com', '*.example.com'],
    ['*.example.com:443', '*.example.com:443'],
    ['bücher.example', 'xn--bcher-kva.example'],
    ['127.0.0.1:80', '127.0.0.1:80'],
    ['0x7f.1', '127.0.0.1'],
    ['::1', '::1'],
    ['[::1]:8080', '[::1]:8080'],
  ])('are kept in their normal form: %s', (text, normal) => {
    expect(hostPatternOf(text)).toBe(normal);
    expect(hostPatternOf(normal)).toBe(normal);
  });

  it.each([
    '',
    '*',
    '*.',
    '*.com',
    '*.127.0.0.1',
    'a.*.com',
    '**.example.com',
    'https://example.com',
    'example.com/path',
    'example.com?x',
    'example.com#x',
    'user@example.com',
    'example.com\\@other.example',
    'example.com:',
    'example.com:99999',
    'example.com:80:80',
    'exa mple.com',
    'example.com\n',
    `${'a'.repeat(64)}.example`,
  ])('are no URLs and no wider than a domain: %j', (text) => expect(hostPatternOf(text)).toBeUndefined());

  it.each([
    ['api.example.com', 'api.example.com', true],
    ['api.example.com', 'api.example.com:8443', true],
    ['api.example.com', 'API.EXAMPLE.COM.:8443', true],
    ['api.example.com', 'https://api.example.com/path?x=1', true],
    ['api.example.com', 'api.example.com.attacker.example', false],
    ['api.example.com', 'xapi.example.com', false],
    ['api.example.com', 'https://api.example.com@attacker.example/', false],
    ['api.example.com', 'https://attacker.example/api.example.com', false],
    ['api.example.com:443', 'https://api.example.com/', true],
    ['api.example.com:443', 'http://api.example.com/', false],
    ['api.example.com:443', 'api.example.com', false],
    ['api.example.com:443', 'api.example.com:8443', false],
    ['*.example.com', 'a.example.com', true],
    ['*.example.com', 'a.b.example.com:8443', true],
    ['*.example.com', 'example.com', false],
    ['*.example.com', 'anexample.com', false],
    ['*.example.com:443', 'https://a.example.com', true],
    ['*.example.com:443', 'a.example.com:80', false],
    ['::1', '[::1]:80', true],
    ['[::1]:80', 'http://[::1]/', true],
    ['api.example.com', '', false],
    ['api.example.com', 'file:///api.example.com', false],
  ])('%s includes %s: %s', (pattern, host, expected) => expect(includesHost([pattern], host)).toBe(expected));

  it('include nothing when there are none', () => expect(includesHost([], 'example.com')).toBe(false));

  it('are read from any text without failing, and once only', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.domain(), fc.webAuthority(), fc.ipV6()), (text) => {
        const normal = hostPatternOf(text);
        if (normal !== undefined) expect(hostPatternOf(normal)).toBe(normal);
        expect(includesHost([], text)).toBe(false);
      }),
    );
  });
});
