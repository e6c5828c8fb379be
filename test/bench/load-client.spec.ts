import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { answerText } from '../../bench/answer-text.ts';
import { drive, UNOBSERVED } from '../../bench/load-client.ts';
import { chatterTarget } from '../../bench/load-target.ts';
import type { LoadFigures } from '../../bench/load-meter.ts';

const MODEL = 'fake-t4';
const DONE = 'data: [DONE]\n\n';
const token = (content: string) => `id: 1\ndata: ${JSON.stringify({ type: 'token', content })}\n\n`;
const event = (type: string) => `id: 2\ndata: ${JSON.stringify({ type })}\n\n`;

describe('the load client of the benchmark', () => {
  const servers: Server[] = [];

  afterEach(() => {
    for (const server of servers.splice(0)) {
      server.closeAllConnections();
      server.close();
    }
  });

  async function load(stream: boolean, answer: (response: ServerResponse) => void): Promise<LoadFigures> {
    const server = createServer((request, response) => {
      request.resume();
      request.once('end', () => answer(response));
    });
    servers.push(server);
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    const { port } = server.address() as AddressInfo;
    return drive(
      chatterTarget(`http://127.0.0.1:${port}`, {}, 'openai'),
      { model: MODEL, stream, concurrency: 2, rampMs: 0, warmupMs: 0, windowMs: 500 },
      UNOBSERVED,
    );
  }

  it('counts model tokens by text, however they are split into frames and reads', async () => {
    const figures = await load(true, (response) => {
      const frames = token(answerText(3)) + token(answerText(1)) + event('complete') + DONE;
      response.write(frames.slice(0, 25));
      setTimeout(() => response.end(frames.slice(25)), 5);
    });

    expect(figures).toMatchObject({ errors: 0, mismatches: 0 });
    expect(figures.answers).toBeGreaterThan(0);
    expect(figures.tokens / figures.answers).toBeCloseTo(4, 0);
    expect(figures.firstTokenMs.p50).toBeGreaterThanOrEqual(4);
  });

  it('accepts a right JSON answer and no other', async () => {
    const right = await load(false, (response) =>
      response.end(JSON.stringify({ message: { content: answerText(4) } })),
    );
    const short = await load(false, (response) =>
      response.end(JSON.stringify({ message: { content: answerText(3) } })),
    );

    expect(right).toMatchObject({ errors: 0, mismatches: 0 });
    expect(right.answers).toBeGreaterThan(0);
    expect(short).toMatchObject({ errors: 0, answers: 0 });
    expect(short.mismatches).toBeGreaterThan(0);
  });

  it.each([
    ['a missing token', token(answerText(3)) + event('complete') + DONE],
    ['a token too many', token(answerText(5)) + event('complete') + DONE],
    ['no final event', token(answerText(4)) + DONE],
    ['no [DONE]', token(answerText(4)) + event('complete')],
  ])('counts a stream with %s as a mismatch', async (_what, frames) => {
    const figures = await load(true, (response) => response.end(frames));

    expect(figures).toMatchObject({ errors: 0, answers: 0 });
    expect(figures.mismatches).toBeGreaterThan(0);
  });

  it.each<[string, (response: ServerResponse) => void]>([
    ['a refusal', (response) => response.writeHead(429).end('slow down')],
    ['an error event', (response) => response.end(event('error') + DONE)],
    ['a body that is no event stream of ours', (response) => response.end('data: nonsense\n\n')],
    ['a broken connection', (response) => response.destroy()],
  ])('counts %s as an error, with the reason kept', async (_what, answer) => {
    const figures = await load(true, answer);

    expect(figures).toMatchObject({ answers: 0, mismatches: 0 });
    expect(figures.errors).toBeGreaterThan(0);
    expect(figures.firstFault).toBeDefined();
  });
});
