import { AIMessage, AIMessageChunk, type BaseMessage } from '@langchain/core/messages';
import { ChatGenerationChunk } from '@langchain/core/outputs';
import { FakeListChatModel, FakeStreamingChatModel } from '@langchain/core/utils/testing';
import type { BaseChatModel } from '@langchain/core/language_models/chat_models';
import { Problem } from '../../platform/problem/problem.js';
import type { ChatDelta, ChatRequest, ToolSpecification } from '../chat-model.js';
import { LangChainChatModel } from './langchain-chat-model.js';

const ENDPOINT = { provider: 'fake', keyVariable: 'FAKE_KEY', baseUrlVariable: 'FAKE_URL', secrets: ['secret-key'] };
const CLOCKS = { firstTokenTimeoutMs: 1_000, idleTimeoutMs: 1_000 };
const TOOL: ToolSpecification = {
  name: 'calculator',
  description: 'Computes.',
  parameters: { type: 'object', properties: { x: { type: 'number' } } },
};

describe('LangChainChatModel', () => {
  it('streams text', async () => {
    const deltas = await hear(new FakeListChatModel({ responses: ['Grüße!'] }));
    expect(deltas.map((delta) => (delta.type === 'text' ? delta.text : delta.type))).toEqual([...'Grüße!', 'finish']);
  });

  it('hands the settings to whoever builds the model', async () => {
    const settings: unknown[] = [];
    const build = (given: object) => {
      settings.push(given);
      return new FakeListChatModel({ responses: ['x'] });
    };
    await Array.fromAsync(
      new LangChainChatModel(ENDPOINT, build, CLOCKS).stream(request({ temperature: 0, maxTokens: 5 })),
    );
    expect(settings).toEqual([{ model: 'm', temperature: 0, maxTokens: 5 }]);
  });

  it('reads thinking and text in blocks', async () => {
    const model = chunked([
      { content: [{ type: 'thinking', thinking: 'hm' }] },
      { content: [{ type: 'reasoning', reasoning: 'so' }] },
      { content: [{ type: 'text', text: 'Hi' }] },
    ]);
    expect(await hear(model)).toEqual([
      { type: 'thinking', text: 'hm' },
      { type: 'thinking', text: 'so' },
      { type: 'text', text: 'Hi' },
      { type: 'finish', reason: 'stop' },
    ]);
  });

  it('reads tool calls in pieces', async () => {
    const model = chunked([
      { content: '', tool_call_chunks: [{ index: 0, id: 'a', name: 'calculator', args: '{"x":' }] },
      { content: '', tool_call_chunks: [{ index: 0, args: '1}' }] },
    ]);
    expect(await hear(model, { tools: [TOOL] })).toEqual([
      { type: 'toolCall', index: 0, id: 'a', name: 'calculator', arguments: '{"x":' },
      { type: 'toolCall', index: 0, arguments: '1}' },
      { type: 'finish', reason: 'toolCalls' },
    ]);
  });

  it('reads tool calls that come whole', async () => {
    const model = new FakeStreamingChatModel({
      chunks: [new AIMessageChunk({ content: '', tool_calls: [{ id: 'a', name: 'calculator', args: { x: 1 } }] })],
    });
    expect(await hear(model, { tools: [TOOL] })).toEqual([
      { type: 'toolCall', index: 0, id: 'a', name: 'calculator', arguments: '{"x":1}' },
      { type: 'finish', reason: 'toolCalls' },
    ]);
  });

  it('adds up the usage, reasoning included, and translates the reason', async () => {
    const model = chunked([
      {
        content: 'a',
        usage_metadata: {
          input_tokens: 10,
          output_tokens: 1,
          total_tokens: 11,
          input_token_details: { cache_read: 4 },
        },
      },
      {
        content: 'b',
        usage_metadata: { input_tokens: 0, output_tokens: 2, total_tokens: 7 },
        response_metadata: { finishReason: 'MAX_TOKENS' },
      },
    ]);
    expect((await hear(model)).slice(-2)).toEqual([
      { type: 'usage', usage: { inputTokens: 10, outputTokens: 8, totalTokens: 18, cachedInputTokens: 4 } },
      { type: 'finish', reason: 'length' },
    ]);
  });

  it('takes the call of the answer tool for the structured answer', async () => {
    const model = chunked([
      { content: '', tool_call_chunks: [{ index: 0, id: 'a', name: 'structured_answer', args: '{"city":' }] },
      { content: '', tool_call_chunks: [{ index: 0, args: '"Bern"}' }] },
    ]);
    const deltas = await hear(model, { schema: { type: 'object', properties: { city: { type: 'string' } } } });
    expect(deltas).toEqual([
      { type: 'text', text: '{"city":' },
      { type: 'text', text: '"Bern"}' },
      { type: 'finish', reason: 'stop' },
    ]);
  });

  it('sends the conversation with one system message in front', async () => {
    const model = chunked([{ content: 'ok' }]);
    await hear(model, {
      messages: [
        { role: 'user', content: 'u' },
        { role: 'system', content: 's1' },
        { role: 'assistant', content: '', toolCalls: [{ id: 'a', name: 'calculator', arguments: '{"x":1}' }] },
        { role: 'tool', content: 'r', toolCallId: 'a', name: 'calculator' },
        { role: 'system', content: 's2' },
      ],
    });
    expect(model.seen.map((message) => [message.type, message.content])).toEqual([
      ['system', 's1\n\ns2'],
      ['human', 'u'],
      ['ai', ''],
      ['tool', 'r'],
    ]);
    expect((model.seen[2] as AIMessage).tool_calls).toMatchObject([{ id: 'a', name: 'calculator', args: { x: 1 } }]);
  });

  it.each([
    [Object.assign(new Error('bad key secret-key'), { status: 401 }), 'model-authentication-failed'],
    [Object.assign(new Error('slow down'), { status: 429 }), 'model-rate-limited'],
    [new Error('socket hang up'), 'model-unavailable'],
  ])('translates %s', async (error, slug) => {
    const problem = await failure(chunked([], error));
    expect(problem.type.slug).toBe(slug);
    expect(problem.detail).not.toContain('secret-key');
  });

  it('breaks off when the model does after its first chunk', async () => {
    expect((await failure(chunked([{ content: 'a' }], new Error('socket hang up')))).type.slug).toBe(
      'model-stream-broken',
    );
  });

  it.each([
    ['first token', [], 'MODEL_FIRST_TOKEN_TIMEOUT_MS'],
    ['next token', [{ content: 'a' }], 'MODEL_IDLE_TIMEOUT_MS'],
  ])('gives up on a model that sends no %s, also when it heeds no signal', async (_, chunks, variable) => {
    const problem = await failure(chunked(chunks, 'never'), { firstTokenTimeoutMs: 50, idleTimeoutMs: 50 });
    expect([problem.type.slug, problem.detail]).toEqual(['model-timeout', expect.stringContaining(variable)]);
  });

  it('throws the reason of an abort at once', async () => {
    const abort = new AbortController();
    const reason = new Error('enough');
    setTimeout(() => abort.abort(reason), 20);
    await expect(hear(chunked([{ content: 'a' }], 'never'), { signal: abort.signal })).rejects.toBe(reason);
    await expect(hear(chunked([{ content: 'a' }]), { signal: abort.signal })).rejects.toBe(reason);
  });
});

type Fields = ConstructorParameters<typeof AIMessageChunk>[0];

/** A model that sends these chunks and then ends, fails or never goes on. */
function chunked(chunks: readonly Fields[], end?: Error | 'never'): BaseChatModel & { readonly seen: BaseMessage[] } {
  class Chunked extends FakeListChatModel {
    readonly seen: BaseMessage[] = [];

    override async *_streamResponseChunks(messages: BaseMessage[]): AsyncGenerator<ChatGenerationChunk> {
      this.seen.push(...messages);
      for (const fields of chunks) yield new ChatGenerationChunk({ message: new AIMessageChunk(fields), text: '' });
      if (end === 'never') await new Promise(() => undefined);
      else if (end !== undefined) throw end;
    }

    override bindTools(): never {
      return this as never;
    }
  }
  return new Chunked({ responses: [''] });
}

function request(more: Partial<ChatRequest> = {}): ChatRequest {
  return { model: 'm', messages: [{ role: 'user', content: 'hi' }], signal: new AbortController().signal, ...more };
}

async function hear(model: BaseChatModel, more: Partial<ChatRequest> = {}, clocks = CLOCKS): Promise<ChatDelta[]> {
  return (await Array.fromAsync(new LangChainChatModel(ENDPOINT, () => model, clocks).stream(request(more)))).flat();
}

async function failure(model: BaseChatModel, clocks = CLOCKS): Promise<Problem> {
  try {
    await hear(model, {}, clocks);
  } catch (error) {
    if (error instanceof Problem) return error;
    throw error;
  }
  throw new Error('It did not fail.');
}
