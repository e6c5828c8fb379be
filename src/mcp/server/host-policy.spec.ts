import fc from 'fast-check';
import { hostNames, isAllowedHost, isAllowedOrigin } from './host-policy.js';

describe('the hosts of the MCP server', () => {
  it('are loopback names, the configured ones and the address it listens on', () => {
    expect([...hostNames(['Chat.Example.com', ' '], '192.168.1.5')]).toEqual([
      'localhost',
      '127.0.0.1',
      '[::1]',
      'chat.example.com',
      '192.168.1.5',
    ]);
    expect(hostNames([], '0.0.0.0').size).toBe(3);
    expect(hostNames([], '::').size).toBe(3);
    expect(hostNames(['2001:db8::1'], '::1').has('[2001:db8::1]')).toBe(true);
  });

  const allowed = hostNames(['chat.example.com'], '0.0.0.0');

  it.each(['localhost', 'LOCALHOST:3000', '127.0.0.1:80', '[::1]:3000', '[0:0:0:0:0:0:0:1]', 'chat.example.com:443'])(
    'include %s',
    (host) => expect(isAllowedHost(host, allowed)).toBe(true),
  );

  it.each([
    undefined,
    '',
    ' ',
    'evil.example',
    'localhost.evil.example',
    'evil.example:3000',
    'chat.example.com.evil.example',
    'evilchat.example.com',
    'localhost@evil.example',
    'evil.example@localhost',
    'localhost/evil.example',
    'localhost#evil.example',
    'localhost?evil.example',
    'localhost\\evil.example',
    'localhost, evil.example',
    'localhost:99999',
    'localhost:x',
    'localhost\t',
    '[::ffff:127.0.0.1]',
    '0.0.0.0',
    '127.0.0.2',
    'localhost.',
    'lоcalhost',
    '169.254.169.254',
    'a'.repeat(300),
  ])('do not include %j', (host) => expect(isAllowedHost(host, allowed)).toBe(false));
});

describe('the origins of the MCP server', () => {
  const ask = (origin: string | undefined, host = 'localhost:3000', trusted: readonly string[] = []) =>
    isAllowedOrigin({ origin, host, trusted });

  it('are none, the same host, and the trusted ones', () => {
    expect(ask(undefined)).toBe(true);
    expect(ask('http://localhost:3000')).toBe(true);
    expect(ask('https://chat.example.com', 'chat.example.com')).toBe(true);
    expect(ask('https://chat.example.com', 'chat.example.com:443')).toBe(true);
    expect(ask('https://app.example', 'chat.example.com', ['https://app.example'])).toBe(true);
    expect(ask('https://APP.example', 'chat.example.com', ['https://app.example/'])).toBe(false);
    expect(ask('https://app.example', 'chat.example.com', ['*'])).toBe(true);
  });

  it.each([
    '',
    'null',
    'http://localhost',
    'http://localhost:3001',
    'http://127.0.0.1:3000',
    'http://evil.example',
    'https://localhost.evil.example:3000',
    'http://localhost:3000@evil.example',
    'http://evil.example@localhost:3000',
    'http://evil.example#localhost:3000',
    'http://evil.example/localhost:3000',
    'http://localhost:3000/',
    'http://localhost:3000, http://evil.example',
    'file://localhost:3000',
    'chrome-extension://localhost:3000',
    'ftp://localhost:3000',
    'javascript:localhost:3000',
    '//localhost:3000',
    'localhost:3000',
    'http:localhost:3000',
    'http://localhost:3000\t',
    `http://${'a'.repeat(400)}`,
  ])('do not include %j', (origin) => expect(ask(origin)).toBe(false));

  it('never include another site, whatever is trusted or said', () => {
    const name = fc.stringMatching(/^[a-z]{1,8}\.example$/);
    fc.assert(
      fc.property(name, name, name, (site, host, trusted) => {
        fc.pre(site !== host && site !== trusted);
        expect(ask(`https://${site}`, host, [`https://${trusted}`])).toBe(false);
      }),
    );
    fc.assert(fc.property(fc.string(), (text) => expect([true, false]).toContain(ask(text, text, [text]))));
  });
});
