import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import express, { type NextFunction, type Request, type Response } from 'express';
import { Problem } from '../problem/problem.js';
import { jsonBody } from './body.js';

const LIMIT = 1_000;

describe('reading JSON bodies', () => {
  let server: Server;
  let problems: Problem[] = [];
  let failed = Promise.withResolvers<Problem>();

  beforeAll(async () => {
    const app = express();
    app.use(jsonBody(LIMIT));
    app.use((request, response) => void response.json({ body: request.body as unknown }));
    app.use((error: unknown, _: Request, response: Response, next: NextFunction) => {
      if (!(error instanceof Problem)) return next(error);
      problems.push(error);
      failed.resolve(error);
      response.status(error.status).json({ problem: error.type.slug });
    });
    server = createServer(app).listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  beforeEach(() => {
    problems = [];
    failed = Promise.withResolvers();
  });
  afterAll(async () => {
    server.close();
    server.closeAllConnections();
    await once(server, 'close');
  });

  const port = (): number => (server.address() as AddressInfo).port;
  const post = async (body: string | Uint8Array | undefined, headers: Record<string, string> = {}) => {
    const init = { method: 'POST', body, headers: { 'Content-Type': 'application/json', ...headers } };
    const response = await fetch(`http://127.0.0.1:${port()}/`, init as RequestInit);
    return { status: response.status, answer: (await response.json()) as unknown };
  };
  const refused = (status: number, problem: string) => ({ status, answer: { problem } });

  it.each([
    ['{"a":[1,"é😀"]}', { a: [1, 'é😀'] }],
    ['[]', []],
    [' {} \n', {}],
    ['"text"', 'text'],
    ['null', null],
  ])('takes %p', async (body, expected) => {
    expect(await post(body)).toEqual({ status: 200, answer: { body: expected } });
  });

  it.each(['application/json; charset=utf-8', 'Application/JSON;charset="UTF-8"', 'application/merge-patch+json'])(
    'takes JSON sent as %p',
    async (type) => {
      expect(await post('{"a":1}', { 'Content-Type': type })).toEqual({ status: 200, answer: { body: { a: 1 } } });
    },
  );

  it('takes a request without a body, whatever its type', async () => {
    const response = await fetch(`http://127.0.0.1:${port()}/`, {
      method: 'POST',
      headers: { 'Content-Type': 'text/plain' },
    });
    expect([response.status, await response.json()]).toEqual([200, {}]);
  });

  it('answers 400 to bytes that are no UTF-8', async () => {
    const bytes = Buffer.concat([Buffer.from('{"a":"'), Buffer.of(0xc3, 0x28, 0xff), Buffer.from('"}')]);
    expect(await post(bytes)).toEqual(refused(400, 'malformed-json'));
  });

  it('keeps a member named __proto__ a member', async () => {
    const response = await post('{"__proto__":{"admin":true}}');
    expect(JSON.stringify(response.answer)).toBe('{"body":{"__proto__":{"admin":true}}}');
  });

  it.each(['{"a":', '{a:1}', "{'a':1}", '{"a":1}{"b":2}', 'nonsense', '{"a":1,}', '\0', '{"a":"\n"}'])(
    'answers 400 to %p',
    async (body) => {
      expect(await post(body)).toEqual(refused(400, 'malformed-json'));
    },
  );

  it.each([
    'text/plain',
    'application/x-www-form-urlencoded',
    'application/jsonp',
    'xapplication/json',
    'application/json-seq',
    '',
  ])('answers 415 to a body sent as %p', async (type) => {
    expect(await post('{}', { 'Content-Type': type })).toEqual(refused(415, 'unsupported-media-type'));
  });

  it.each(['iso-8859-1', 'x-unknown'])('answers 415 to the charset %s', async (charset) => {
    const type = `application/json; charset=${charset}`;
    expect(await post('{}', { 'Content-Type': type })).toEqual(refused(415, 'unsupported-media-type'));
  });

  it('answers 415 to an encoding it does not know, and reads gzip', async () => {
    expect(await post('{}', { 'Content-Encoding': 'x-secret' })).toEqual(refused(415, 'unsupported-media-type'));
    expect(await post(gzipSync('{"a":1}'), { 'Content-Encoding': 'gzip' })).toMatchObject({ status: 200 });
    expect(await post('{"a":1}', { 'Content-Encoding': 'gzip' })).toEqual(refused(400, 'malformed-json'));
  });

  it('reads bodies up to the limit and answers 413 beyond it, unpacked ones included', async () => {
    const body = (bytes: number) => `"${'x'.repeat(bytes - 4)}"`;
    expect(await post(`[${body(LIMIT)}]`)).toMatchObject({ status: 200 });
    expect(await post(`[${body(LIMIT + 1)}]`)).toEqual(refused(413, 'payload-too-large'));
    const bomb = gzipSync(`["${'x'.repeat(1_000_000)}"]`);
    expect(await post(bomb, { 'Content-Encoding': 'gzip' })).toEqual(refused(413, 'payload-too-large'));
  });

  it('tells what was wrong, and of a body only that', async () => {
    await post('{"password":"hunter2",}');
    await post('{}', { 'Content-Type': 'text/plain' });
    expect(problems.map(({ detail }) => detail)).toEqual([
      'The body is not JSON.',
      'Content-Type is "text/plain"; send application/json.',
    ]);
  });

  it('treats a body that ends before its Content-Length as malformed', async () => {
    const socket = connect(port(), '127.0.0.1');
    socket.on('error', () => undefined);
    await once(socket, 'connect');
    socket.write('POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 50\r\n\r\n{"a":');
    socket.end();
    expect((await failed.promise).type.slug).toBe('malformed-json');
    socket.destroy();
  });
});
