import { setTimeout as sleep } from 'node:timers/promises';
import type { ServerResponse } from 'node:http';
import type { ChatModel } from '../../src/llm/chat-model.js';
import { UpstreamAgent } from '../../src/llm/wire/upstream-agent.js';
import { upstreamServer, type UpstreamServer } from '../support/upstream-server.js';
import { LIMITS } from './chat-model.contract.js';
import { failureOf, hear, requestOf } from './deltas.js';
import { KEY, type HttpWire } from './wires.js';

/** What a model does when single bytes, connections and clocks go wrong. */
export function describeWireFaults(wire: HttpWire): void {
  describe(`${wire.provider}: faults on the wire`, () => {
    const limits = { ...LIMITS, firstTokenTimeoutMs: 2_000, idleTimeoutMs: 2_000, maxResponseBytes: 200_000 };
    let server: UpstreamServer;
    let agent: UpstreamAgent;
    let model: ChatModel;
    const whole = wire.answer(['Grüße', ' 🦊', '!']).join('');
    const hello = wire.answer(['Hello']).find((frame) => frame.includes('Hello')) ?? '';
    const begin = (response: ServerResponse) => response.writeHead(200, { 'content-type': wire.contentType });

    beforeEach(async () => {
      server = await upstreamServer();
      agent = new UpstreamAgent(limits);
      model = await wire.connect(server.url, agent);
    });
    afterEach(async () => {
      await agent.onApplicationShutdown();
      await server.stop();
    });

    it('reads an answer whose bytes arrive one by one', async () => {
      server.answer(async (response) => {
        begin(response);
        for (const byte of Buffer.from(whole)) {
          response.write(Uint8Array.of(byte));
          if (byte > 127) await sleep(1);
        }
        response.end();
      });
      const { text, usage, finish } = await hear(model, requestOf(wire.model));
      expect([text, finish]).toEqual(['Grüße 🦊!', 'stop']);
      expect(usage).toEqual({ inputTokens: 7, outputTokens: 3, totalTokens: 10 });
    });

    it('hands over what one read brought as one batch', async () => {
      const texts = Array.from({ length: 200 }, (_, index) => ` word${index}`);
      server.answer((response) => void begin(response).end(wire.answer(texts).join('')));
      const { batches, text } = await hear(model, requestOf(wire.model));
      expect(text).toBe(texts.join(''));
      expect(batches.length).toBeLessThan(10);
    });

    it('uses connections again', async () => {
      server.answer((response) => void begin(response).end(whole));
      for (let turn = 0; turn < 10; turn++) await hear(model, requestOf(wire.model));
      expect(server.requests).toHaveLength(10);
      expect(server.connections).toBeLessThanOrEqual(2);
    });

    it('does not wait for the end of a body whose answer is complete', async () => {
      server.answer((response) => void begin(response).write(whole));
      await hear(model, requestOf(wire.model));
      await server.clientLeft;
    });

    it('says that nobody answers', async () => {
      const url = server.url;
      await server.stop();
      const { problem } = await failureOf(await wire.connect(url, agent), requestOf(wire.model));
      server = await upstreamServer();
      expect([problem.type.slug, problem.detail]).toEqual([
        'model-unavailable',
        expect.stringContaining('ECONNREFUSED'),
      ]);
    });

    it('says that the connection broke before the head', async () => {
      server.answer((response) => void response.socket?.destroy());
      expect((await failureOf(model, requestOf(wire.model))).problem.type.slug).toBe('model-unavailable');
    });

    it.each(['end', 'destroy'] as const)(
      'breaks off, with what had arrived, when the body stops by %s',
      async (how) => {
        server.answer(async (response) => {
          begin(response).write(hello + hello.slice(0, 9));
          await sleep(20);
          if (how === 'end') response.end();
          else response.socket?.destroy();
        });
        const { problem, heard } = await failureOf(model, requestOf(wire.model));
        expect([problem.type.slug, heard.text]).toEqual(['model-stream-broken', 'Hello']);
      },
    );

    it('breaks off when what arrives is no JSON', async () => {
      server.answer((response) => void begin(response).end(hello.replace('{', '{{')));
      expect((await failureOf(model, requestOf(wire.model))).problem.type.slug).toBe('model-stream-broken');
    });

    it('passes on the failure that the provider reports inside its stream, without the key', async () => {
      server.answer(async (response) => {
        begin(response).write(hello);
        await sleep(20);
        response.end(wire.failure(`Overloaded, dear ${KEY}.`));
      });
      const { problem, heard } = await failureOf(model, requestOf(wire.model));
      expect([problem.type.slug, heard.text]).toEqual(['model-unavailable', 'Hello']);
      expect(problem.detail).toContain('Overloaded');
      if (wire.provider !== 'ollama') expect(problem.detail).not.toContain(KEY);
    });

    it('carries the wait that a limited rate asks for', async () => {
      server.answer(
        (response) => void response.writeHead(429, { 'retry-after': '7' }).end('{"error":{"message":"slow down"}}'),
      );
      const { problem } = await failureOf(model, requestOf(wire.model));
      expect([problem.type.slug, problem.headers['Retry-After']]).toEqual(['model-rate-limited', '7']);
    });

    it('follows no redirect', async () => {
      server.answer((response) => void response.writeHead(307, { location: `${server.url}/elsewhere` }).end());
      const { problem } = await failureOf(model, requestOf(wire.model));
      expect([problem.type.slug, server.requests.length]).toEqual(['model-unavailable', 1]);
    });

    it('reads no more of a refusal than it needs', async () => {
      server.answer((response) => {
        response.writeHead(400);
        const flood = () => {
          while (!response.destroyed && response.write('x'.repeat(65_536)));
          if (!response.destroyed) response.once('drain', flood);
        };
        flood();
      });
      const { problem } = await failureOf(model, requestOf(wire.model));
      expect(problem.type.slug).toBe('model-rejected');
      expect(problem.detail.length).toBeLessThan(500);
      await server.clientLeft;
    });

    it.each([
      ['the head', () => undefined],
      [
        'the first token',
        (response: ServerResponse) =>
          void begin(response).write(wire.contentType === 'text/event-stream' ? ': ping\n\n' : '\n'),
      ],
    ])('gives up when %s does not come, and closes the connection', async (_, answer) => {
      server.answer(answer);
      const started = Date.now();
      const { problem } = await failureOf(model, requestOf(wire.model));
      expect([problem.type.slug, problem.status]).toEqual(['model-timeout', 504]);
      expect(problem.detail).toContain('MODEL_FIRST_TOKEN_TIMEOUT_MS');
      expect(Date.now() - started).toBeGreaterThanOrEqual(limits.firstTokenTimeoutMs - 5);
      await server.clientLeft;
    });

    it('is not put off by pings when the first token does not come', async () => {
      server.answer(async (response) => {
        begin(response);
        while (!response.destroyed) {
          response.write(wire.contentType === 'text/event-stream' ? ': ping\n\n' : '\n');
          await sleep(50);
        }
      });
      expect((await failureOf(model, requestOf(wire.model))).problem.type.slug).toBe('model-timeout');
    });

    it('gives up when the answer falls silent, and closes the connection', async () => {
      server.answer((response) => void begin(response).write(hello));
      const { problem, heard } = await failureOf(model, requestOf(wire.model));
      expect([problem.type.slug, heard.text]).toEqual(['model-timeout', 'Hello']);
      expect(problem.detail).toContain('MODEL_IDLE_TIMEOUT_MS');
      await server.clientLeft;
    });

    it('lets a slow answer go on as long as it goes on', async () => {
      server.answer(async (response) => {
        begin(response);
        for (const frame of wire.answer(Array.from({ length: 12 }, () => 'word '))) {
          response.write(frame);
          await sleep(limits.idleTimeoutMs / 8);
        }
        response.end();
      });
      expect((await hear(model, requestOf(wire.model))).text).toBe('word '.repeat(12));
    });

    it('does not blame the model for a slow reader', async () => {
      server.answer(async (response) => {
        begin(response).write(hello);
        await sleep(limits.idleTimeoutMs + 150);
        response.end(whole);
      });
      let text = '';
      for await (const batch of model.stream(requestOf(wire.model))) {
        for (const delta of batch) if (delta.type === 'text') text += delta.text;
        await sleep(limits.idleTimeoutMs + 50);
      }
      expect(text).toBe('HelloGrüße 🦊!');
    });

    it('stops reading ahead of a slow reader', async () => {
      agent = new UpstreamAgent({ ...limits, maxResponseBytes: 100_000_000 });
      model = await wire.connect(server.url, agent);
      const flooded = hello.repeat(1_000);
      let sent = 0;
      server.answer((response) => {
        begin(response);
        const flood = () => {
          while (sent < 50_000_000 && !response.destroyed) {
            sent += flooded.length;
            if (!response.write(flooded)) {
              response.once('drain', flood);
              return;
            }
          }
        };
        flood();
      });
      for await (const batch of model.stream(requestOf(wire.model))) {
        expect(batch.length).toBeGreaterThan(0);
        await sleep(500);
        break;
      }
      expect(sent).toBeLessThan(15_000_000);
      await server.clientLeft;
    });

    it.each(['a line without an end', 'an answer without an end'])(
      'keeps no more than the limits of %s',
      async (kind) => {
        const chunk = kind === 'a line without an end' ? `data: ${'x'.repeat(60_000)}` : hello.repeat(500);
        server.answer((response) => {
          begin(response);
          const flood = () => {
            while (!response.destroyed && response.write(chunk));
            if (!response.destroyed) response.once('drain', flood);
          };
          flood();
        });
        const { problem } = await failureOf(model, requestOf(wire.model));
        expect(problem.type.slug).toBe('model-stream-broken');
        await server.clientLeft;
      },
    );

    it.each(['the head', 'the next token'])(
      'closes the connection when it is aborted while it waits for %s',
      async (point) => {
        server.answer((response) => void (point === 'the next token' && begin(response).write(hello)));
        const abort = new AbortController();
        const reason = new Error('enough');
        setTimeout(() => abort.abort(reason), 100);
        await expect(hear(model, requestOf(wire.model, { signal: abort.signal }))).rejects.toBe(reason);
        await server.clientLeft;
      },
    );

    it('closes the connection when its reader leaves', async () => {
      server.answer((response) => void begin(response).write(hello));
      for await (const batch of model.stream(requestOf(wire.model))) {
        expect(batch).toEqual([{ type: 'text', text: 'Hello' }]);
        break;
      }
      await server.clientLeft;
    });

    it('leaves neither listeners nor timers behind', async () => {
      server.answer((response) => void begin(response).end(whole));
      const { signal } = new AbortController();
      let listeners = 0;
      const { addEventListener, removeEventListener } = signal;
      signal.addEventListener = (...parameters: unknown[]) => {
        listeners++;
        Reflect.apply(addEventListener, signal, parameters);
      };
      signal.removeEventListener = (...parameters: unknown[]) => {
        listeners--;
        Reflect.apply(removeEventListener, signal, parameters);
      };
      await hear(model, requestOf(wire.model, { signal }));
      expect(listeners).toBe(0);
      await sleep(20);
      expect(process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length).toBeLessThan(5);
    });
  });
}
