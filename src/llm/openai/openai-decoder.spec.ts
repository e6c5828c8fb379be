import type { ChatDelta } from '../chat-model.js';
import { OpenAIDecoder } from './openai-decoder.js';

describe('OpenAIDecoder', () => {
  it.each([
    ['thinking of DeepSeek and vLLM', { reasoning_content: 'hm' }, [{ type: 'thinking', text: 'hm' }]],
    ['thinking of OpenRouter', { reasoning: 'hm' }, [{ type: 'thinking', text: 'hm' }]],
    ['a refusal as text', { refusal: 'No.' }, [{ type: 'text', text: 'No.' }]],
    ['nothing of a role alone', { role: 'assistant', content: null }, []],
    ['nothing of an empty text', { content: '' }, []],
    [
      'arguments that are an object',
      { tool_calls: [{ index: 0, id: 'a', function: { name: 'f', arguments: { x: 1 } } }] },
      [{ type: 'toolCall', index: 0, id: 'a', name: 'f', arguments: '{"x":1}' }],
    ],
  ])('reads %s', (_, delta, deltas) => {
    expect(decoded([{ choices: [{ delta }] }])).toEqual(deltas);
  });

  it.each([
    ['stop', 'stop'],
    ['length', 'length'],
    ['tool_calls', 'toolCalls'],
    ['content_filter', 'contentFilter'],
    ['eos', 'stop'],
  ])('translates the finish reason %s', (finish_reason, reason) => {
    expect(decoded([{ choices: [{ delta: {}, finish_reason }] }, '[DONE]'])).toEqual([{ type: 'finish', reason }]);
  });

  it('knows that calls were made although the server says stop', () => {
    const call = {
      choices: [{ delta: { tool_calls: [{ index: 0, id: 'a', function: { name: 'f' } }] }, finish_reason: 'stop' }],
    };
    expect(decoded([call, '[DONE]']).slice(1)).toEqual([
      { type: 'toolCall', index: 0, arguments: '{}' },
      { type: 'finish', reason: 'toolCalls' },
    ]);
  });

  it('reports cached input, and adds up what the server does not', () => {
    const usage = { prompt_tokens: 10, completion_tokens: 2, prompt_tokens_details: { cached_tokens: 8 } };
    expect(decoded([{ choices: [], usage }, '[DONE]'])[0]).toEqual({
      type: 'usage',
      usage: { inputTokens: 10, outputTokens: 2, totalTokens: 12, cachedInputTokens: 8 },
    });
  });

  it('believes no figure that is none', () => {
    expect(decoded([{ choices: [], usage: { prompt_tokens: '10', completion_tokens: -2 } }, '[DONE]'])).toEqual([
      { type: 'finish', reason: 'stop' },
    ]);
  });

  it('ignores what is no chunk, and what follows the end', () => {
    expect(decoded([null, 5, [], { object: 'x' }, '[DONE]', { choices: [{ delta: { content: 'late' } }] }])).toEqual([
      { type: 'finish', reason: 'stop' },
    ]);
  });

  it('throws the failure that the server reports', () => {
    expect(() => decoded([{ error: { message: 'slow down', code: 429 } }])).toThrow('limits the rate');
    expect(() => decoded([{ error: { message: 'boom', code: 'x' } }])).toThrow('boom');
  });
});

function decoded(events: readonly unknown[]): ChatDelta[] {
  const decoder = new OpenAIDecoder({ provider: 'p', model: 'm', keyVariable: 'K', baseUrlVariable: 'B', secrets: [] });
  const deltas: ChatDelta[] = [];
  for (const event of events)
    decoder.read(Buffer.from(`data: ${event === '[DONE]' ? event : JSON.stringify(event)}\n\n`), deltas);
  return deltas;
}
