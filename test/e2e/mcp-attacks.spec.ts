import { request } from 'node:http';
import { ToolModule } from '../../src/tool/tool.module.js';
import { startApp, type SignedIn, type TestApp } from '../support/app.js';
import { ERAS, messageIn, messageOf, type Era } from '../support/mcp-clients.js';
import { install } from '../support/stories.js';
import { EchoTool } from '../support/test-tools.js';

interface RawAnswer {
  readonly status: number;
  readonly body: string;
}

describe('the MCP server under attack', () => {
  let chatter: TestApp;
  let anna: SignedIn;
  let echo: EchoTool;

  beforeAll(async () => {
    const environment = { CORS_ORIGINS: 'https://app.example', MCP_ALLOWED_HOSTS: 'chat.example.com' };
    install(ToolModule, EchoTool);
    chatter = await startApp(environment);
    echo = chatter.app.get(EchoTool, { strict: false });
    anna = await chatter.register();
  });

  afterAll(() => chatter.close());

  const port = () => new URL(chatter.url).port;

  /** With the headers as they are, also such as `fetch` would not send. */
  function raw(headers: Record<string, string>, sent: unknown, method = 'POST'): Promise<RawAnswer> {
    const text = typeof sent === 'string' ? sent : JSON.stringify(sent);
    return new Promise((resolve, reject) => {
      const call = request({ host: '127.0.0.1', port: port(), path: '/mcp', method, headers }, (response) => {
        let body = '';
        response.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
        response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
      });
      call.on('error', reject);
      call.end(method === 'POST' ? text : undefined);
    });
  }

  const echoCall = (era: Era) => messageOf(era, 'tools/call', { name: 'test_echo', arguments: { text: 'x' } });

  const post = async (era: Era, method: string, params: Record<string, unknown> = {}, more = {}) => {
    const { headers, body } = messageOf(era, method, params);
    const response = await fetch(`${chatter.url}/mcp`, {
      method: 'POST',
      headers: { ...headers, ...anna.headers, ...more },
      body: JSON.stringify(body),
    });
    return { status: response.status, message: await messageIn(response) };
  };

  describe.each(ERAS)('in the protocol of %s', (era) => {
    it.each<[string, Record<string, string>]>([
      ['the name of a stranger', { Host: 'evil.example' }],
      ['the name of a stranger and its page', { Host: 'evil.example', Origin: 'http://evil.example' }],
      ['a longer name', { Host: 'localhost.evil.example' }],
      ['our name below another', { Host: 'chat.example.com.evil.example' }],
      ['a user part', { Host: 'localhost@evil.example' }],
      ['a user part of a stranger', { Host: 'evil.example@localhost' }],
      ['a path', { Host: 'localhost/evil.example' }],
      ['two hosts', { Host: 'localhost, evil.example' }],
      ['an unspecified address', { Host: '0.0.0.0' }],
      ['another loopback address', { Host: '127.0.0.2' }],
      ['an address in a decimal disguise of another', { Host: '2130706434' }],
      ['a mapped address', { Host: '[::ffff:7f00:1]' }],
      ['a trailing dot', { Host: 'localhost.' }],
      ['a forwarded name', { Host: 'evil.example', 'X-Forwarded-Host': 'localhost' }],
    ])('refuses a host that is %s', async (_, headers) => {
      const { headers: usual, body } = echoCall(era);
      const before = echo.calls.length;
      const answer = await raw({ ...usual, ...anna.headers, ...headers }, body);
      expect(answer.status).toBe(403);
      expect(JSON.parse(answer.body).type).toBe('/problems/mcp-host-not-allowed');
      expect(echo.calls).toHaveLength(before);
    });

    it.each([
      'null',
      'http://evil.example',
      'http://localhost',
      'http://localhost:1',
      'https://app.example.evil.example',
      'https://evil.example#https://app.example',
      'https://app.example@evil.example',
      'http://app.example',
      'https://app.example:8443',
      'https://app.example/',
      'https://app.example, https://evil.example',
      'file://',
      'chrome-extension://abcdef',
      'javascript:alert(1)',
      '//app.example',
      'app.example',
    ])('refuses the origin %s', async (origin) => {
      const { headers, body } = echoCall(era);
      const before = echo.calls.length;
      const answer = await raw({ ...headers, ...anna.headers, Origin: origin }, body);
      expect(answer.status).toBe(403);
      expect(JSON.parse(answer.body).type).toBe('/problems/mcp-origin-not-allowed');
      expect(echo.calls).toHaveLength(before);
    });

    it('serves a page of a trusted origin, one of its own host, and a client of none', async () => {
      const { headers, body } = echoCall(era);
      for (const more of [
        {},
        { Origin: 'https://app.example' },
        { Origin: chatter.url },
        { Host: 'chat.example.com', Origin: 'https://chat.example.com' },
        { Host: '[::1]:3000' },
      ]) {
        const answer = await raw({ ...headers, ...anna.headers, ...more } as Record<string, string>, body);
        expect([more, answer.status]).toEqual([more, 200]);
      }
    });

    it.each(['GET', 'DELETE'])('has nothing at %s, for anybody from anywhere', async (method) => {
      expect((await raw({ Accept: 'text/event-stream' }, '', method)).status).toBe(401);
      expect((await raw({ ...anna.headers, Origin: 'http://evil.example' }, '', method)).status).toBe(403);
      const answer = await fetch(`${chatter.url}/mcp`, { method, headers: anna.headers });
      expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'POST']);
      await answer.body?.cancel();
    });

    it.each([
      'tools/destroy',
      'resources/list',
      'prompts/list',
      'sampling/createMessage',
      'constructor',
      '__proto__',
      '',
    ])('knows no method %j', async (method) => {
      const { status, message } = await post(era, method);
      expect([200, 400, 404]).toContain(status);
      expect([-32601, -32600, -32602, -32020]).toContain(message.error.code);
      expect(message).not.toHaveProperty('result');
    });

    it('refuses many messages at once', async () => {
      const { headers, body } = echoCall(era);
      const before = echo.calls.length;
      for (const batch of [[], [body], Array.from({ length: 100 }, () => body), [[body]]]) {
        const answer = await raw({ ...headers, ...anna.headers }, batch);
        expect([answer.status, JSON.parse(answer.body).error.code]).toEqual([400, -32600]);
      }
      expect(echo.calls).toHaveLength(before);
    });

    it.each<[string, string, number]>([
      ['larger than a megabyte', JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'x'.repeat(1_100_000) }), 413],
      [
        'nested 10,000 deep',
        `{"jsonrpc":"2.0","id":1,"method":"ping","params":${'['.repeat(10_000)}${']'.repeat(10_000)}}`,
        422,
      ],
      ['with a prototype', '{"jsonrpc":"2.0","id":1,"method":"ping","params":{"__proto__":{"a":1}}}', 422],
      [
        'with 2,000 members',
        JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'ping', params: { a: Array(2_000).fill(0) } }),
        422,
      ],
      ['with NUL', '{"jsonrpc":"2.0","id":1,"method":"ping","params":{"a":"\\u0000"}}', 422],
      ['no JSON', '{', 400],
    ])('answers a body that is %s as a problem', async (_, text, status) => {
      const { headers } = echoCall(era);
      const answer = await raw({ ...headers, ...anna.headers }, text);
      expect([answer.status, JSON.parse(answer.body).status]).toEqual([status, status]);
    });

    it.each<[string, unknown]>([
      ['text', '"ping"'],
      ['a number', '7'],
      ['null', 'null'],
      ['an empty object', {}],
      ['no version', { id: 1, method: 'ping' }],
      ['another version', { jsonrpc: '1.0', id: 1, method: 'ping' }],
      ['a method that is no text', { jsonrpc: '2.0', id: 1, method: 7 }],
      ['an id that is an object', { jsonrpc: '2.0', id: {}, method: 'ping' }],
      ['parameters that are text', { jsonrpc: '2.0', id: 1, method: 'tools/list', params: 'x' }],
    ])('answers %s as an error of the protocol', async (_, sent) => {
      const { headers } = echoCall(era);
      const answer = await raw({ ...headers, ...anna.headers }, sent);
      expect([400, 404]).toContain(answer.status);
      expect(JSON.parse(answer.body).error.code).toBeLessThan(-32_000);
    });

    it('refuses a version nobody speaks', async () => {
      const { message, status } = await post(era, 'tools/list', {}, { 'MCP-Protocol-Version': '1999-01-01' });
      expect(status).toBe(400);
      expect(message.error.code).toBeLessThanOrEqual(-32_000);
    });

    it('acts in no workspace of others', async () => {
      const bert = await chatter.register();
      const { headers, body } = echoCall(era);
      const answer = await raw({ ...headers, ...anna.headers, 'X-Workspace-Id': bert.user.personalWorkspaceId }, body);
      expect(answer.status).toBe(404);
    });

    it('is held to the media types of the protocol', async () => {
      const { headers, body } = echoCall(era);
      const plain = await raw({ ...headers, ...anna.headers, 'Content-Type': 'text/plain' }, body);
      expect(plain.status).toBe(415);
    });
  });
});
