import type { ChatDelta } from '../chat-model.js';
import { AnthropicDecoder } from './anthropic-decoder.js';

describe('AnthropicDecoder', () => {
  it('reads thinking, text and tool calls between their blocks', () => {
    const deltas = decoded([
      { type: 'message_start', message: { usage: { input_tokens: 5, output_tokens: 1 } } },
      { type: 'ping' },
      { type: 'content_block_start', index: 0, content_block: { type: 'thinking' } },
      { type: 'content_block_delta', index: 0, delta: { type: 'thinking_delta', thinking: 'hm' } },
      { type: 'content_block_delta', index: 0, delta: { type: 'signature_delta', signature: 'xyz' } },
      { type: 'content_block_stop', index: 0 },
      { type: 'content_block_start', index: 1, content_block: { type: 'text', text: '' } },
      { type: 'content_block_delta', index: 1, delta: { type: 'text_delta', text: 'Hi' } },
      { type: 'content_block_start', index: 2, content_block: { type: 'tool_use', id: 'a', name: 'f', input: {} } },
      { type: 'content_block_delta', index: 2, delta: { type: 'input_json_delta', partial_json: '{"x":' } },
      { type: 'content_block_delta', index: 2, delta: { type: 'input_json_delta', partial_json: '1}' } },
      { type: 'content_block_start', index: 3, content_block: { type: 'tool_use', id: 'b', name: 'g', input: {} } },
      { type: 'message_delta', delta: { stop_reason: 'tool_use' }, usage: { output_tokens: 9 } },
      { type: 'message_stop' },
    ]);
    expect(deltas).toEqual([
      { type: 'thinking', text: 'hm' },
      { type: 'text', text: 'Hi' },
      { type: 'toolCall', index: 0, id: 'a', name: 'f', arguments: '' },
      { type: 'toolCall', index: 0, arguments: '{"x":' },
      { type: 'toolCall', index: 0, arguments: '1}' },
      { type: 'toolCall', index: 1, id: 'b', name: 'g', arguments: '' },
      { type: 'toolCall', index: 1, arguments: '{}' },
      { type: 'usage', usage: { inputTokens: 5, outputTokens: 9, totalTokens: 14 } },
      { type: 'finish', reason: 'toolCalls' },
    ]);
  });

  it('counts what the prompt cache served as input', () => {
    const usage = { input_tokens: 5, cache_read_input_tokens: 100, cache_creation_input_tokens: 10, output_tokens: 1 };
    expect(
      decoded([
        { type: 'message_start', message: { usage } },
        { type: 'message_delta', usage: { output_tokens: 3, input_tokens: null } },
        { type: 'message_stop' },
      ])[0],
    ).toEqual({
      type: 'usage',
      usage: { inputTokens: 115, outputTokens: 3, totalTokens: 118, cachedInputTokens: 100 },
    });
  });

  it.each([
    ['end_turn', 'stop'],
    ['stop_sequence', 'stop'],
    ['max_tokens', 'length'],
    ['refusal', 'contentFilter'],
  ])('translates the stop reason %s', (stop_reason, reason) => {
    expect(decoded([{ type: 'message_delta', delta: { stop_reason } }, { type: 'message_stop' }])).toEqual([
      { type: 'finish', reason },
    ]);
  });

  it.each([
    ['overloaded_error', 'model-unavailable'],
    ['rate_limit_error', 'model-rate-limited'],
    ['invalid_request_error', 'model-rejected'],
    ['authentication_error', 'model-authentication-failed'],
    ['something_new', 'model-unavailable'],
  ])('throws the reported %s as %s', (type, slug) => {
    expect(() => decoded([{ type: 'error', error: { type, message: 'said so' } }])).toThrow(
      expect.objectContaining({ type: expect.objectContaining({ slug }) }),
    );
  });
});

function decoded(events: readonly object[]): ChatDelta[] {
  const decoder = new AnthropicDecoder({
    provider: 'p',
    model: 'm',
    keyVariable: 'K',
    baseUrlVariable: 'B',
    secrets: [],
  });
  const deltas: ChatDelta[] = [];
  for (const event of events) decoder.read(Buffer.from(`event: x\ndata: ${JSON.stringify(event)}\n\n`), deltas);
  return deltas;
}
