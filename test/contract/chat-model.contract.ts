import { LLMock } from '@copilotkit/aimock';
import type { ChatModel, ToolSpecification } from '../../src/llm/chat-model.js';
import { UpstreamAgent } from '../../src/llm/wire/upstream-agent.js';
import { failureOf, hear, requestOf, user } from './deltas.js';
import { KEY, type Wire } from './wires.js';

export const LIMITS = {
  firstTokenTimeoutMs: 5_000,
  idleTimeoutMs: 5_000,
  maxResponseBytes: 1_000_000,
  connectTimeoutMs: 2_000,
  connections: 50,
};

const CALCULATOR: ToolSpecification = {
  name: 'calculator',
  description: 'Computes.',
  parameters: { type: 'object', properties: { expression: { type: 'string' } }, required: ['expression'] },
};

/** What every provider's model does, tried against a server that speaks its protocol. */
export function describeChatModel(wire: Wire): void {
  describe(`${wire.provider}: the chat-model contract`, () => {
    const mock = new LLMock({ port: 0, host: '127.0.0.1', chunkSize: 8, logLevel: 'silent' });
    const agent = new UpstreamAgent(LIMITS);
    let model: ChatModel;

    beforeAll(async () => {
      model = await wire.connect(await mock.start(), agent);
    });
    afterAll(async () => {
      await agent.onApplicationShutdown();
      await mock.stop();
    });
    beforeEach(() => {
      mock.reset();
    });

    it('streams the text in order and ends with finish', async () => {
      mock.onMessage('hello', { content: 'Grüße! The quick brown fox jumps over the lazy dog. 🦊' });
      const { text, finish, batches } = await hear(model, requestOf(wire.model));
      expect([text, finish]).toEqual(['Grüße! The quick brown fox jumps over the lazy dog. 🦊', 'stop']);
      expect(batches.flat().filter(({ type }) => type === 'text').length).toBeGreaterThan(3);
    });

    it('reports the usage of the provider', async () => {
      mock.onMessage('hello', { content: 'Hi.', usage: wire.usage?.(12, 34) });
      const { usage } = await hear(model, requestOf(wire.model));
      expect(usage).toEqual(wire.usage ? { inputTokens: 12, outputTokens: 34, totalTokens: 46 } : expect.anything());
    });

    it('hands over tool calls piece by piece', async () => {
      const expression = '(1 + 2) * 3456789 - 10000';
      mock.onMessage('compute', { toolCalls: [{ name: 'calculator', arguments: JSON.stringify({ expression }) }] });
      const { calls, finish } = await hear(
        model,
        requestOf(wire.model, { messages: [user('compute')], tools: [CALCULATOR] }),
      );
      expect(calls.map(({ name, arguments: args }) => [name, JSON.parse(args)])).toEqual([
        ['calculator', { expression }],
      ]);
      expect(finish).toBe('toolCalls');
    });

    it('keeps parallel tool calls apart', async () => {
      mock.onMessage('compute', {
        toolCalls: [
          { name: 'calculator', arguments: '{"expression":"1+1"}' },
          { name: 'calculator', arguments: '{"expression":"2+2"}' },
        ],
      });
      const { calls } = await hear(model, requestOf(wire.model, { messages: [user('compute')], tools: [CALCULATOR] }));
      expect(calls.map(({ arguments: args }) => JSON.parse(args))).toEqual([
        { expression: '1+1' },
        { expression: '2+2' },
      ]);
      expect(new Set(calls.map(({ id }) => id)).size).toBe(2);
    });

    it('sends a whole conversation: system, earlier turns, tool calls and results', async () => {
      mock.onMessage('and twice that?', { content: 'Eight.' });
      const { text } = await hear(
        model,
        requestOf(wire.model, {
          temperature: 0.5,
          maxTokens: 100,
          tools: [CALCULATOR],
          messages: [
            { role: 'system', content: 'Be brief.' },
            user('2+2?'),
            {
              role: 'assistant',
              content: '',
              toolCalls: [{ id: 'call_1', name: 'calculator', arguments: '{"expression":"2+2"}' }],
            },
            { role: 'tool', content: '4', toolCallId: 'call_1', name: 'calculator' },
            { role: 'assistant', content: 'Four.' },
            user('and twice that?'),
          ],
        }),
      );
      expect(text).toBe('Eight.');
      const sent = JSON.stringify(mock.getLastRequest()?.body);
      for (const part of ['Be brief.', '2+2?', 'calculator', 'Four.', 'and twice that?']) expect(sent).toContain(part);
    });

    it('asks for structured output and hands it over as text', async () => {
      const schema = {
        type: 'object',
        properties: { city: { type: 'string' } },
        required: ['city'],
        additionalProperties: false,
      };
      mock.onMessage(
        'capital',
        wire.provider === 'google'
          ? { toolCalls: [{ name: 'structured_answer', arguments: '{"city":"Paris"}' }] }
          : { content: '{"city":"Paris"}' },
      );
      const { text, finish, calls } = await hear(model, requestOf(wire.model, { messages: [user('capital')], schema }));
      expect([JSON.parse(text), finish, calls]).toEqual([{ city: 'Paris' }, 'stop', []]);
    });

    it.each([
      [401, 'model-authentication-failed'],
      [403, 'model-authentication-failed'],
      [404, 'model-unknown'],
      [400, 'model-rejected'],
      [429, 'model-rate-limited'],
      [500, 'model-unavailable'],
      [503, 'model-unavailable'],
    ])('translates a refusal with status %i to %s', async (status, slug) => {
      mock.onMessage('hello', { error: { message: `Refused, said the server to ${KEY}\nand more.` }, status });
      const { problem } = await failureOf(model, requestOf(wire.model));
      expect(problem.type.slug).toBe(slug);
      expect(problem.detail).toContain(wire.provider);
      expect(JSON.stringify(problem.body())).not.toContain(KEY);
      expect(problem.detail).not.toMatch(/[\r\n]/);
      expect(problem.extensions).toMatchObject({ model: `${wire.provider}:${wire.model}`, upstreamStatus: status });
      if (status === 401) expect(problem.detail).toContain(wire.keyVariable);
    });

    it('breaks off when the stream does', async () => {
      mock.onMessage(
        'hello',
        { content: 'The quick brown fox jumps over the lazy dog.' },
        { truncateAfterChunks: 3, latency: 20 },
      );
      const { problem, heard } = await failureOf(model, requestOf(wire.model));
      expect(problem.type.slug).toBe('model-stream-broken');
      expect('The quick brown fox jumps over the lazy dog.'.startsWith(heard.text)).toBe(true);
    });

    it('throws the reason of an abort', async () => {
      mock.onMessage('hello', { content: 'The quick brown fox jumps over the lazy dog.' }, { latency: 50 });
      const abort = new AbortController();
      const reason = new Error('enough');
      const read = async () => {
        for await (const batch of model.stream(requestOf(wire.model, { signal: abort.signal }))) {
          expect(batch.length).toBeGreaterThan(0);
          abort.abort(reason);
        }
      };
      await expect(read()).rejects.toBe(reason);
      await expect(hear(model, requestOf(wire.model, { signal: abort.signal }))).rejects.toBe(reason);
    });
  });
}
