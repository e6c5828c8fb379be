import { once } from 'node:events';
import { createServer as createTcpServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { canary, type Canary } from '../../../test/support/canary.js';
import { egressClient, FakeNetwork } from '../../../test/support/egress.js';
import { eventually } from '../../../test/support/eventually.js';
import { HOSTILE_NAMES, refusedUrls } from '../../../test/support/refused-urls.js';
import { Problem } from '../../platform/problem/problem.js';
import type { EgressClient, EgressRequest } from './egress-client.js';

const problemOf = async (work: Promise<unknown>): Promise<Problem> => {
  const error: unknown = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error instanceof Problem) return error;
  throw new Error(`Expected a problem, not ${String(error)}`);
};

const slugOf = async (work: Promise<unknown>): Promise<string> => (await problemOf(work)).type.slug;

describe('addresses that are not public', () => {
  let bird: Canary;
  beforeAll(async () => {
    bird = await canary();
  });
  afterAll(() => bird.stop());

  it('are refused in every form, and nothing is connected to', async () => {
    const urls = refusedUrls(bird.port);
    expect(urls.length).toBeGreaterThanOrEqual(100);
    const passed: string[] = [];
    for (const url of urls) {
      const network = new FakeNetwork(HOSTILE_NAMES);
      const client = egressClient(network);
      const refused = (work: Promise<unknown>) => slugOf(work).catch(() => 'passed');
      const outcomes = [await refused(client.check(url)), await refused(client.request({ url }))];
      if (outcomes.some((slug) => slug !== 'egress-refused') || network.asked.length > 0) passed.push(url);
    }
    expect(passed).toEqual([]);
    expect(bird.connections).toBe(0);
  });

  it('would be reached if they were allowed, so that the canary is a witness', async () => {
    const network = new FakeNetwork({ localhost: ['127.0.0.1', '::1'] });
    const client = egressClient(network, { EGRESS_ALLOW: '127.0.0.1,::1' });
    for (const host of ['127.0.0.1', '0x7f.1', '[::1]', 'localhost']) {
      const before = bird.connections;
      const { body } = await client.request({ url: `http://${host}:${bird.port}/` });
      expect(body.toString()).toBe('secret');
      // Node may try both addresses of localhost.
      expect(bird.connections).toBeGreaterThan(before);
    }
  });

  it('are named with what is wrong and how to allow them', async () => {
    const problem = await problemOf(
      egressClient(new FakeNetwork(HOSTILE_NAMES)).check('http://ten.attacker.example/x'),
    );
    expect(problem.body()).toMatchObject({
      status: 422,
      address: 'ten.attacker.example:80',
      detail:
        'Requests to ten.attacker.example:80 are refused: its name resolves to a private address. Use a public address, or have the operator add it to EGRESS_ALLOW.',
    });
  });
});

describe('a name that resolves otherwise a moment later', () => {
  let bird: Canary;
  beforeAll(async () => {
    bird = await canary();
  });
  afterAll(() => bird.stop());

  it('gains nothing between the check of a URL and its use', async () => {
    const network = new FakeNetwork({ 'rebinding.example': [['198.41.0.4'], ['127.0.0.1']] });
    const client = egressClient(network);
    const url = `http://rebinding.example:${bird.port}/`;
    await client.check(url);
    expect(await slugOf(client.request({ url }))).toBe('egress-refused');
    expect(network.asked).toEqual([]);
    expect(bird.connections).toBe(0);
  });

  it('gains nothing between the resolution and the connection: the checked addresses are connected to', async () => {
    const network = new FakeNetwork({ 'rebinding.example': [['198.41.0.4', '2001:500:2::c'], ['127.0.0.1']] });
    const url = `http://rebinding.example:${bird.port}/`;
    expect(await slugOf(egressClient(network).request({ url }))).toBe('http-request-failed');
    expect(network.asked).toEqual([['198.41.0.4', '2001:500:2::c']]);
    expect(bird.connections).toBe(0);
  });

  it('is connected to by the pinned address, never by asking the system again', async () => {
    const network = new FakeNetwork({ 'no-such-name.invalid': ['127.0.0.1'] });
    const client = egressClient(network, { EGRESS_ALLOW: '127.0.0.1' });
    const { body } = await client.request({ url: `http://no-such-name.invalid:${bird.port}/` });
    expect(body.toString()).toBe('secret');
  });

  it('passes a check while it does not resolve at all', async () => {
    await expect(egressClient(new FakeNetwork()).check('https://later.example/')).resolves.toBeUndefined();
  });
});

describe('a request to an allowed address', () => {
  type Answer = (request: IncomingMessage, response: ServerResponse, body: string) => void;
  interface Seen {
    readonly method: string;
    readonly url: string;
    readonly headers: IncomingMessage['headers'];
    readonly body: string;
  }
  let server: Server;
  let port: number;
  let network: FakeNetwork;
  let client: EgressClient;
  let seen: Seen[];
  let routes: Record<string, Answer>;

  beforeAll(async () => {
    server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const body = Buffer.concat(chunks).toString();
        seen.push({ method: request.method ?? '', url: request.url ?? '', headers: request.headers, body });
        const answer = routes[request.url ?? ''];
        if (answer) answer(request, response, body);
        else response.writeHead(404, { 'Content-Type': 'text/plain' }).end('nothing here');
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    port = (server.address() as AddressInfo).port;
  });
  beforeEach(() => {
    seen = [];
    routes = {};
    network = new FakeNetwork({
      ...HOSTILE_NAMES,
      'good.example': ['127.0.0.1'],
      'other.example': ['127.0.0.1'],
      'slow.example': ['198.41.0.4'],
    });
    client = egressClient(network, { EGRESS_ALLOW: `127.0.0.1:${port}` });
  });
  afterAll(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });

  const at = (path: string, host = 'good.example'): string => `http://${host}:${port}${path}`;
  const to =
    (status: number, location: string): Answer =>
    (_, response) =>
      void response.writeHead(status, { Location: location }).end('moved');
  const ask = (path: string, request: Partial<EgressRequest> = {}) => client.request({ url: at(path), ...request });

  it('is sent as asked, and any status is an answer', async () => {
    const response = await ask('/missing?a=1', { method: 'PUT', headers: { 'X-Thing': 'one' }, body: 'text' });
    expect(response).toMatchObject({ status: 404, truncated: false, url: at('/missing?a=1') });
    expect(response.headers['content-type']).toBe('text/plain');
    expect(response.body.toString()).toBe('nothing here');
    expect(seen).toMatchObject([{ method: 'PUT', url: '/missing?a=1', headers: { 'x-thing': 'one' }, body: 'text' }]);
    expect(seen[0]!.headers).toMatchObject({ host: `good.example:${port}`, connection: 'close' });
  });

  it.each([
    ['Host', 'evil.example'],
    ['host', 'evil.example'],
    ['Transfer-Encoding', 'chunked'],
    ['Content-Length', '3'],
    ['Connection', 'upgrade'],
    ['Upgrade', 'websocket'],
    ['Expect', '100-continue'],
    ['Proxy-Authorization', 'Basic x'],
    ['Accept-Encoding', 'zstd'],
    ['X-A', 'one\r\nHost: evil.example'],
    ['X-A', 'one\nTwo: 2'],
    ['X-A', 'null\u0000'],
    ['X-A', 'snow ☃'],
    ['X A', 'one'],
    ['X-A:', 'one'],
    ['', 'one'],
    ['X-A\r\nHost', 'one'],
  ])('does not let a caller set the header %j to %j', async (name, value) => {
    expect(await slugOf(ask('/', { headers: { [name]: value } }))).toBe('egress-refused');
    expect(network.asked).toEqual([]);
  });

  it('follows up to three redirects and tells where it ended', async () => {
    routes = { '/1': to(302, '/2'), '/2': to(307, at('/3')), '/3': to(308, '4'), '/4': (_, r) => void r.end('there') };
    const response = await ask('/1');
    expect(response.body.toString()).toBe('there');
    expect(response.url).toBe(at('/4'));
    routes['/4'] = to(301, '/5');
    expect(await slugOf(ask('/1'))).toBe('http-request-failed');
    expect(seen.map(({ url }) => url)).not.toContain('/5');
  });

  it('checks every redirect like the first URL and connects to none that is refused', async () => {
    const bird = await canary();
    try {
      for (const location of refusedUrls(bird.port)) {
        if (URL.parse(location, at('/go'))?.origin === new URL(at('/')).origin) continue;
        // oxlint-disable-next-line no-control-regex -- no server can send these
        if (/[\u0000-\u001f]/.test(location)) continue;
        network.asked.length = 0;
        routes['/go'] = (_, response) => {
          response.socket?.end(
            Buffer.from(
              `HTTP/1.1 302 Found\r\nLocation: ${location}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`,
              'latin1',
            ),
          );
        };
        const slug = await slugOf(ask('/go')).catch(() => `${location} was followed`);
        expect(['egress-refused', 'http-request-failed']).toContain(slug);
        expect(network.asked).toEqual([['127.0.0.1']]);
      }
      expect(bird.connections).toBe(0);
    } finally {
      await bird.stop();
    }
  });

  it('refuses a redirect to another port of an address that is allowed at one port only', async () => {
    routes['/go'] = to(302, `http://127.0.0.1:${port + 1}/`);
    expect(await slugOf(ask('/go'))).toBe('egress-refused');
  });

  it('keeps headers within an origin and drops all personal ones across origins, for good', async () => {
    routes = {
      '/1': to(302, '/2'),
      '/2': to(302, at('/3', 'other.example')),
      '/3': to(302, at('/4')),
      '/4': (_, r) => void r.end(),
    };
    await ask('/1', { headers: { Authorization: 'Bearer s', Cookie: 'c=1', 'X-Api-Key': 'k', Accept: 'text/html' } });
    const personal = seen.map(({ headers }) => [
      headers.authorization,
      headers.cookie,
      headers['x-api-key'],
      headers.accept,
    ]);
    expect(personal).toEqual([
      ['Bearer s', 'c=1', 'k', 'text/html'],
      ['Bearer s', 'c=1', 'k', 'text/html'],
      [undefined, undefined, undefined, 'text/html'],
      [undefined, undefined, undefined, 'text/html'],
    ]);
    expect(seen[2]!.headers.host).toBe(`other.example:${port}`);
  });

  it.each([
    [301, 'POST', 'GET'],
    [302, 'POST', 'GET'],
    [303, 'POST', 'GET'],
    [303, 'PUT', 'GET'],
    [302, 'PUT', 'PUT'],
    [307, 'POST', 'POST'],
    [308, 'PATCH', 'PATCH'],
    [303, 'HEAD', 'HEAD'],
  ] as const)(
    'follows %i of a %s with a %s, and a body goes along only when the method stays',
    async (status, method, then) => {
      routes = { '/1': to(status, '/2'), '/2': (_, r) => void r.end() };
      const body = method === 'HEAD' ? undefined : 'text';
      await ask('/1', { method, body, headers: { 'Content-Type': 'text/plain' } });
      const kept = then !== 'GET' && method !== 'HEAD';
      expect(seen[1]).toMatchObject({ method: then, body: kept ? 'text' : '' });
      expect(seen[1]!.headers['content-type']).toBe(then === 'GET' ? undefined : 'text/plain');
    },
  );

  it('sends no body to another origin', async () => {
    routes['/1'] = to(307, at('/2', 'other.example'));
    const problem = await problemOf(ask('/1', { method: 'POST', body: 'secret' }));
    expect(problem.detail).toContain(`redirected to http://other.example:${port}, to which its body is not sent`);
    expect(seen).toHaveLength(1);
  });

  it('takes a redirect without a Location for an answer', async () => {
    routes['/1'] = (_, response) => void response.writeHead(304).end();
    expect((await ask('/1')).status).toBe(304);
  });

  it('decodes gzip and brotli', async () => {
    routes = {
      '/gzip': (_, r) => void r.writeHead(200, { 'Content-Encoding': 'gzip' }).end(gzipSync('gzipped')),
      '/br': (_, r) => void r.writeHead(200, { 'Content-Encoding': 'br' }).end(brotliCompressSync('brotlied')),
      '/none': (_, r) => void r.writeHead(204, { 'Content-Encoding': 'gzip' }).end(),
      '/empty': (_, r) => void r.writeHead(200, { 'Content-Encoding': 'br' }).end(),
    };
    expect((await ask('/gzip')).body.toString()).toBe('gzipped');
    expect((await ask('/br')).body.toString()).toBe('brotlied');
    expect((await ask('/none')).body).toHaveLength(0);
    expect((await ask('/empty')).body).toHaveLength(0);
    expect((await ask('/gzip', { method: 'HEAD' })).body).toHaveLength(0);
    expect(seen[0]!.headers['accept-encoding']).toBe('gzip, br');
  });

  it.each([
    ['an encoding that was not asked for', 'zstd', Buffer.from('x')],
    ['encodings upon encodings', 'gzip, gzip', gzipSync(gzipSync('x'))],
    ['gzip that is none', 'gzip', Buffer.from('not gzip at all')],
    ['gzip that breaks off', 'gzip', gzipSync('x'.repeat(100)).subarray(0, 20)],
  ])('fails on %s', async (_, encoding, bytes) => {
    routes['/'] = (_request, response) => void response.writeHead(200, { 'Content-Encoding': encoding }).end(bytes);
    expect(await slugOf(ask('/'))).toBe('http-request-failed');
  });

  it.each([
    ['plain', undefined, (size: number) => Buffer.alloc(size, 'a')],
    ['a gzip bomb', 'gzip', (size: number) => gzipSync(Buffer.alloc(size * 500, 'a'))],
    [
      'a brotli bomb',
      'br',
      (size: number) =>
        brotliCompressSync(Buffer.alloc(size * 500, 'a'), { params: { [constants.BROTLI_PARAM_QUALITY]: 4 } }),
    ],
  ])('refuses an answer beyond the limit, or keeps its beginning: %s', async (_, encoding, bytes) => {
    const headers = encoding === undefined ? {} : { 'Content-Encoding': encoding };
    const limit = 50_000;
    routes = {
      '/large': (_request, response) => void response.writeHead(200, headers).end(bytes(limit + 1)),
      '/fits': (_request, response) =>
        void response.writeHead(200, headers).end(encoding === undefined ? bytes(limit) : bytes(limit / 500)),
    };
    expect(await slugOf(ask('/large', { maxResponseBytes: limit }))).toBe('http-response-too-large');
    const cut = await ask('/large', { maxResponseBytes: limit, beyondLimit: 'truncate' });
    expect([cut.truncated, cut.body.length, cut.body.every((byte) => byte === 97)]).toEqual([true, limit, true]);
    const whole = await ask('/fits', { maxResponseBytes: limit });
    expect([whole.truncated, whole.body.length]).toEqual([false, limit]);
  });

  it('stops reading an endless answer, also one that never decodes to anything', async () => {
    const emptyBlocks = Buffer.concat([
      gzipSync('').subarray(0, 10),
      Buffer.alloc(65_535, Buffer.from([0, 0, 0, 255, 255])),
    ]);
    const closed: Promise<unknown>[] = [];
    const endless =
      (headers: Record<string, string>, first: Buffer): Answer =>
      (_, response) => {
        closed.push(once(response, 'close'));
        response.writeHead(200, headers);
        const more = (chunk: Buffer): void => {
          if (response.destroyed) return;
          if (response.write(chunk)) setImmediate(more, first.subarray(10));
          else response.once('drain', () => more(first.subarray(10)));
        };
        more(first);
      };
    routes = {
      '/plain': endless({}, Buffer.alloc(65_536)),
      '/gzip': endless({ 'Content-Encoding': 'gzip' }, emptyBlocks),
    };
    expect(await slugOf(ask('/plain'))).toBe('http-response-too-large');
    expect(await slugOf(ask('/gzip'))).toBe('http-response-too-large');
    await Promise.all(closed);
  });

  it('gives up when the answer takes too long, and closes the connection', async () => {
    // Also by a reset, when something was still on its way.
    const closing = ({ socket }: IncomingMessage) => new Promise((resolve) => socket.once('close', resolve));
    const closed: Promise<unknown>[] = [];
    routes = {
      '/silent': (request) => void closed.push(closing(request)),
      '/dripping': (request, response) => {
        closed.push(closing(request));
        response.writeHead(200);
        const drip = setInterval(() => response.write('.'), 20);
        response.once('close', () => clearInterval(drip));
      },
    };
    for (const path of ['/silent', '/dripping']) {
      const problem = await problemOf(ask(path, { timeoutMs: 150 }));
      expect(problem.body()).toMatchObject({ status: 504, type: '/problems/http-request-timeout', value: 150 });
    }
    await Promise.all(closed);
  });

  it('gives up when a name takes too long to resolve, and does not connect afterwards', async () => {
    const resolving = Promise.withResolvers<readonly string[]>();
    network.resolve = () => resolving.promise;
    expect(await slugOf(ask('/', { timeoutMs: 50 }))).toBe('http-request-timeout');
    resolving.resolve(['127.0.0.1']);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(network.asked).toEqual([]);
    expect(seen).toEqual([]);
  });

  it.each(['before the head', 'in the middle of the body'])(
    'ends with its signal, and closes the connection: %s',
    async (when) => {
      const controller = new AbortController();
      const closed = Promise.withResolvers<void>();
      routes['/'] = (request, response) => {
        request.socket.once('close', () => closed.resolve());
        if (when !== 'before the head') response.writeHead(200).write('begun');
        setTimeout(() => controller.abort(new Error('not wanted')), 50);
      };
      await expect(ask('/', { signal: controller.signal })).rejects.toThrow('not wanted');
      await closed.promise;
    },
  );

  it('ends with its signal while TLS is being negotiated, and closes the connection', async () => {
    const controller = new AbortController();
    const closed = Promise.withResolvers<void>();
    const mute = createTcpServer((socket) => {
      socket.on('error', () => {}).resume();
      socket.once('close', () => closed.resolve());
      setTimeout(() => controller.abort(new Error('not wanted')), 50);
    });
    mute.listen(0, '127.0.0.1');
    await once(mute, 'listening');
    const url = `https://127.0.0.1:${(mute.address() as AddressInfo).port}/`;
    const trusting = egressClient(network, { EGRESS_ALLOW: '127.0.0.1' });
    await expect(trusting.request({ url, signal: controller.signal })).rejects.toThrow('not wanted');
    await closed.promise;
    mute.close();
    await once(mute, 'close');
  });

  it('does not begin when its signal is aborted already', async () => {
    await expect(ask('/', { signal: AbortSignal.abort(new Error('gone')) })).rejects.toThrow('gone');
    expect(network.asked).toEqual([]);
  });

  it.each([
    ['a name that does not resolve', () => 'http://nowhere.example/', 'ENOTFOUND'],
    ['a port where nobody listens', () => 'http://127.0.0.1:1/', 'ECONNREFUSED'],
    ['a server that is not HTTP', () => at('/garbage'), 'HTTPParserError'],
    ['a server that hangs up', () => at('/hangup'), 'UND_ERR_SOCKET'],
    ['plain HTTP where TLS was asked for', () => at('/').replace('http:', 'https:'), 'SSL'],
  ])('fails with a reason: %s', async (_, url, code) => {
    routes = {
      '/garbage': (request) => void request.socket.end('SSH-2.0-OpenSSH\r\n'),
      '/hangup': (request) => void request.socket.destroy(),
    };
    const trusting = egressClient(network, { EGRESS_ALLOW: '127.0.0.1' });
    const problem = await problemOf(trusting.request({ url: url() }));
    expect(problem.body()).toMatchObject({ status: 502, type: '/problems/http-request-failed' });
    expect(problem.detail).toContain(code);
  });

  it('leaves no connection behind for the next caller', async () => {
    routes['/'] = (_, response) => void response.end('done');
    await Promise.all(Array.from({ length: 20 }, () => ask('/')));
    const open = () => new Promise<number>((resolve) => server.getConnections((_, count) => resolve(count)));
    await eventually(async () => (await open()) === 0, {
      what: 'no open connection, before they are closed as idle',
      withinMs: 2_500,
    });
  });
});
