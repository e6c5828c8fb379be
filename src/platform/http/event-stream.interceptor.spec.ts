import { once } from 'node:events';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Controller, Get, Module, type INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ProblemFilter } from '../problem/problem.filter.js';
import { EventStream, StreamInterrupted, type StreamFrame } from './event-stream.js';
import { EventStreamInterceptor } from './event-stream.interceptor.js';

const TEXT = JSON.stringify('x'.repeat(100_000));

describe('an event stream over HTTP', () => {
  let app: INestApplication;
  let port = 0;
  let asked = 0;
  let returned = 0;
  let disconnects = 0;
  const sockets: Socket[] = [];

  const stream = (source: AsyncIterable<readonly StreamFrame[]>): EventStream =>
    new EventStream(source, {
      headers: { 'X-Run-Id': 'r' },
      heartbeatMs: 100,
      stallMs: 400,
      onDisconnect: () => (disconnects += 1),
    });

  @Controller()
  class StreamController {
    @Get('short')
    short(): EventStream {
      return stream(
        (async function* () {
          yield [{ seq: 1, data: '{"text":"é😀"}' }];
          yield [
            { seq: 2, data: '{}' },
            { seq: 3, data: '{}' },
          ];
        })(),
      );
    }

    @Get('endless')
    endless(): EventStream {
      return stream(
        (async function* () {
          try {
            for (let seq = 1; ; seq += 1) {
              asked += 1;
              yield [{ seq, data: TEXT }];
              await sleep(1);
            }
          } finally {
            returned += 1;
          }
        })(),
      );
    }

    @Get('interrupted')
    interrupted(): EventStream {
      return stream(
        (async function* () {
          yield [{ seq: 1, data: '{}' }];
          throw new StreamInterrupted(700);
        })(),
      );
    }

    @Get('late')
    late(): EventStream {
      return stream(
        (async function* () {
          yield [{ seq: 1, data: '{}' }];
          await sleep(50);
          throw new Error('hunter2');
        })(),
      );
    }

    @Get('never')
    never(): EventStream {
      return stream(
        // oxlint-disable-next-line require-yield
        (async function* (): AsyncGenerator<readonly StreamFrame[]> {
          throw new Error('hunter2');
        })(),
      );
    }
  }

  @Module({ controllers: [StreamController] })
  class StreamModule {}

  beforeAll(async () => {
    app = await NestFactory.create(StreamModule, { logger: false, forceCloseConnections: true });
    app.useGlobalInterceptors(new EventStreamInterceptor());
    app.useGlobalFilters(new ProblemFilter());
    await app.listen(0, '127.0.0.1');
    port = ((app.getHttpServer() as { address(): unknown }).address() as AddressInfo).port;
  });
  beforeEach(() => {
    [asked, returned, disconnects] = [0, 0, 0];
  });
  afterEach(() => {
    for (const socket of sockets.splice(0)) socket.destroy();
  });
  afterAll(() => app.close());

  const get = (path: string, init?: RequestInit) => fetch(`http://127.0.0.1:${port}/${path}`, init);
  /** A client that asks and then reads nothing. */
  const stuck = async (path: string): Promise<Socket> => {
    const socket = connect(port, '127.0.0.1');
    sockets.push(socket);
    await once(socket, 'connect');
    socket.pause();
    socket.write(`GET /${path} HTTP/1.1\r\nHost: x\r\n\r\n`);
    return socket;
  };
  const until = async (isSo: () => boolean): Promise<void> => {
    for (let turn = 0; turn < 500 && !isSo(); turn += 1) await sleep(20);
    expect(isSo()).toBe(true);
  };

  it('has its headers and bytes', async () => {
    const response = await get('short');
    expect([response.status, response.headers.get('content-type'), response.headers.get('x-run-id')]).toEqual([
      200,
      'text/event-stream; charset=utf-8',
      'r',
    ]);
    expect([response.headers.get('cache-control'), response.headers.get('content-length')]).toEqual([
      'no-cache, no-transform',
      null,
    ]);
    expect(await response.text()).toBe(
      'id: 1\ndata: {"text":"é😀"}\n\nid: 2\ndata: {}\n\nid: 3\ndata: {}\n\ndata: [DONE]\n\n',
    );
    expect(disconnects).toBe(0);
  });

  it('ends properly, with the time to come back, when it is interrupted', async () => {
    expect(await (await get('interrupted')).text()).toBe('id: 1\ndata: {}\n\nretry: 700\n\n');
  });

  it('answers a problem when it fails before its first byte, and is cut when it fails later', async () => {
    const early = await get('never');
    expect([early.status, early.headers.get('retry-after')]).toEqual([503, '2']);
    expect(await early.text()).not.toContain('hunter2');
    await expect((await get('late')).text()).rejects.toThrow();
    expect(disconnects).toBe(0);
  });

  it('ends its source when the reader leaves', async () => {
    const leave = new AbortController();
    const response = await get('endless', { signal: leave.signal });
    await response.body!.getReader().read();
    leave.abort();
    await until(() => returned === 1);
    expect(disconnects).toBe(1);
  });

  it('is cut when the reader is stuck, holding little for it until then, while others go on', async () => {
    const clients = await Promise.all([stuck('endless'), stuck('endless')]);
    await until(() => returned === 2);
    const askedByThen = asked;
    expect(askedByThen).toBeLessThan(400);
    expect(disconnects).toBe(2);
    for (const socket of clients) {
      socket.resume();
      if (!socket.destroyed) await once(socket, 'close');
    }
    expect(asked).toBe(askedByThen);
    expect(await (await get('short')).text()).toContain('[DONE]');
  });
});
