import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { egressFetch, FakeNetwork } from '../../../test/support/egress.js';
import { Problem } from '../../platform/problem/problem.js';
import type { FetchPolicy } from './egress-fetch.js';

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

describe('fetch through the egress guard', () => {
  let server: Server;
  let port: number;
  let network: FakeNetwork;
  let routes: Record<string, Answer>;
  let seen: { readonly method: string; readonly headers: IncomingMessage['headers']; readonly body: string }[];

  beforeAll(async () => {
    server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const { method = '', headers, url = '' } = request;
        seen.push({ method, headers, body: Buffer.concat(chunks).toString() });
        routes[url]?.(request, response);
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    port = (server.address() as AddressInfo).port;
  });
  beforeEach(() => {
    seen = [];
    routes = {};
    network = new FakeNetwork({ 'good.example': ['127.0.0.1'], 'other.example': ['127.0.0.1'] });
  });
  afterAll(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });

  const at = (path: string, host = 'good.example'): string => `http://${host}:${port}${path}`;
  const ask = (path: string, init?: RequestInit, policy?: FetchPolicy) =>
    egressFetch(network, { EGRESS_ALLOW: `127.0.0.1:${port}` }).under(policy)(at(path), init);
  const slugOf = (work: Promise<unknown>): Promise<string> =>
    work.then(
      () => 'none',
      (error: unknown) => (error instanceof Problem ? error.type.slug : String(error)),
    );
  const to =
    (status: number, location: string): Answer =>
    (_, response) =>
      void response.writeHead(status, { Location: location }).end();

  it('answers like fetch does: status, headers, address, body', async () => {
    routes['/a'] = (_, response) =>
      void response.writeHead(201, { 'X-Thing': 'one', 'Content-Encoding': 'gzip' }).end(gzipSync('{"a":1}'));
    const response = await ask('/a', { method: 'POST', body: '{}', headers: { 'Content-Type': 'application/json' } });
    expect([response.status, response.ok, response.url, response.redirected]).toEqual([201, true, at('/a'), false]);
    expect([response.headers.get('x-thing'), response.headers.get('content-encoding')]).toEqual(['one', null]);
    expect(await response.json()).toEqual({ a: 1 });
    expect(seen).toMatchObject([{ method: 'POST', body: '{}', headers: { 'content-type': 'application/json' } }]);
  });

  it('sends forms as forms', async () => {
    routes['/token'] = (_, response) => void response.end();
    await ask('/token', { method: 'POST', body: new URLSearchParams({ grant_type: 'x y' }) });
    expect(seen[0]).toMatchObject({ body: 'grant_type=x+y' });
    expect(seen[0]!.headers['content-type']).toMatch(/^application\/x-www-form-urlencoded/);
  });

  it.each([204, 304])('answers %i without a body', async (status) => {
    routes['/none'] = (_, response) => void response.writeHead(status).end();
    const response = await ask('/none');
    expect([response.status, response.body, await response.text()]).toEqual([status, null, '']);
  });

  it('gives a stream piece by piece, and closes the connection when it is cancelled', async () => {
    const closed = Promise.withResolvers<void>();
    let push: (text: string) => void = () => undefined;
    routes['/events'] = (_, response) => {
      response.once('close', closed.resolve);
      response.writeHead(200, { 'Content-Type': 'text/event-stream' });
      push = (text) => void response.write(text);
      push('data: 1\n\n');
    };
    const { body } = await ask('/events');
    const reader = body!.getReader();
    const read = async () => Buffer.from((await reader.read()).value ?? []).toString();
    expect(await read()).toBe('data: 1\n\n');
    push('data: 2\n\n');
    expect(await read()).toBe('data: 2\n\n');
    await reader.cancel();
    await closed.promise;
  });

  it.each(['before the head', 'in the middle of the body'])('ends with its signal: %s', async (when) => {
    const closed = Promise.withResolvers<void>();
    const controller = new AbortController();
    routes['/'] = (request, response) => {
      request.socket.once('close', () => closed.resolve());
      if (when !== 'before the head') response.writeHead(200).write('begun');
      setTimeout(() => controller.abort(new Error('not wanted')), 50);
    };
    await expect(ask('/', { signal: controller.signal }).then((response) => response.text())).rejects.toThrow(
      'not wanted',
    );
    await closed.promise;
  });

  it('gives up when no head arrives in time, not when the body takes longer', async () => {
    routes = {
      '/silent': () => undefined,
      '/slow': (_, response) => {
        response.writeHead(200).write('a');
        setTimeout(() => response.end('b'), 4_500);
      },
    };
    expect(await slugOf(ask('/silent', {}, { timeoutMs: 300 }))).toBe('http-request-timeout');
    expect(await (await ask('/slow', {}, { timeoutMs: 4_000 })).text()).toBe('ab');
  });

  it.each([
    ['plain', {}, Buffer.alloc(2_000)],
    ['a bomb', { 'Content-Encoding': 'gzip' }, gzipSync(Buffer.alloc(1_000_000))],
  ])('fails in the middle of a body that is too large: %s', async (_, headers, bytes) => {
    routes['/large'] = (_request, response) => void response.writeHead(200, headers).end(bytes);
    const response = await ask('/large', {}, { maxResponseBytes: 1_999 });
    expect(await slugOf(response.text())).toBe('http-response-too-large');
  });

  it('caps streams of events by a measure of their own', async () => {
    routes['/events'] = (_, response) =>
      void response.writeHead(200, { 'Content-Type': 'text/event-stream; charset=utf-8' }).end('x'.repeat(3_000));
    const policy = { maxResponseBytes: 10, maxStreamBytes: 3_000 };
    expect(await (await ask('/events', {}, policy)).text()).toHaveLength(3_000);
    const narrow = await ask('/events', {}, { ...policy, maxStreamBytes: 2_999 });
    expect(await slugOf(narrow.text())).toBe('http-response-too-large');
  });

  it('fails on an encoding that was not asked for', async () => {
    routes['/'] = (_, response) => void response.writeHead(200, { 'Content-Encoding': 'zstd' }).end('x');
    expect(await slugOf(ask('/'))).toBe('http-request-failed');
  });

  it('takes no credentials and no headers of its own to another origin, and no body', async () => {
    routes = { '/1': to(302, at('/2', 'other.example')), '/2': (_, response) => void response.end('there') };
    const headers = { Authorization: 'Bearer s', 'Mcp-Session-Id': 's', Cookie: 'c=1', Accept: 'text/html' };
    const response = await ask('/1', { headers });
    expect([response.redirected, response.url, await response.text()]).toEqual([
      true,
      at('/2', 'other.example'),
      'there',
    ]);
    const { authorization, cookie, accept, 'mcp-session-id': session } = seen[1]!.headers;
    expect([authorization, cookie, accept, session]).toEqual([undefined, undefined, 'text/html', undefined]);
    routes['/1'] = to(307, at('/2', 'other.example'));
    expect(await slugOf(ask('/1', { method: 'POST', body: 'secret' }))).toBe('http-request-failed');
    expect(seen).toHaveLength(3);
  });

  it('follows redirects only as its policy and its caller want', async () => {
    routes = { '/1': to(302, '/2'), '/2': (_, response) => void response.end('there') };
    expect(await slugOf(ask('/1', {}, { maxRedirects: 0 }))).toBe('http-request-failed');
    expect(await slugOf(ask('/1', { redirect: 'error' }))).toBe('http-request-failed');
    const manual = await ask('/1', { redirect: 'manual' });
    expect([manual.status, manual.headers.get('location')]).toEqual([302, '/2']);
    await manual.body?.cancel();
  });

  it('refuses headers that describe the connection', async () => {
    expect(await slugOf(ask('/', { headers: { Host: 'evil.example' } }))).toBe('egress-refused');
    expect(network.asked).toEqual([]);
  });
});
