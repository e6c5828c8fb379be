import type { ChatDelta, ChatRequest } from '../chat-model.js';
import { OllamaDecoder } from './ollama-decoder.js';
import { ollamaRequest } from './ollama-request.js';

describe('ollamaRequest', () => {
  it('sends the context window and names the limits as Ollama does', () => {
    const request: ChatRequest = {
      model: 'm',
      temperature: 0.2,
      maxTokens: 5,
      schema: { type: 'object' },
      tools: [{ name: 'f', description: 'F.', parameters: { type: 'object' } }],
      messages: [
        { role: 'assistant', content: '', toolCalls: [{ id: 'a', name: 'f', arguments: '{"x":1}' }] },
        { role: 'tool', content: 'r', toolCallId: 'a', name: 'f' },
      ],
      signal: new AbortController().signal,
    };
    expect(ollamaRequest(request, 4_096)).toEqual({
      model: 'm',
      stream: true,
      options: { num_ctx: 4_096, temperature: 0.2, num_predict: 5 },
      format: { type: 'object' },
      tools: [{ type: 'function', function: { name: 'f', description: 'F.', parameters: { type: 'object' } } }],
      messages: [
        { role: 'assistant', content: '', tool_calls: [{ function: { name: 'f', arguments: { x: 1 } } }] },
        { role: 'tool', tool_name: 'f', content: 'r' },
      ],
    });
  });
});

describe('OllamaDecoder', () => {
  it('reads thinking, text and whole tool calls', () => {
    const deltas: ChatDelta[] = [];
    const decoder = new OllamaDecoder({
      provider: 'p',
      model: 'm',
      keyVariable: 'K',
      baseUrlVariable: 'B',
      secrets: [],
    });
    const lines = [
      { message: { content: '', thinking: 'hm' }, done: false },
      { message: { content: 'Hi' }, done: false },
      {
        message: {
          content: '',
          tool_calls: [{ function: { name: 'f', arguments: { x: 1 } } }, { function: { name: 'g', arguments: {} } }],
        },
        done: false,
      },
      { message: { content: '' }, done: true, done_reason: 'stop', prompt_eval_count: 2, eval_count: 3 },
    ];
    decoder.read(Buffer.from(lines.map((line) => `${JSON.stringify(line)}\n`).join('')), deltas);
    expect(deltas).toEqual([
      { type: 'thinking', text: 'hm' },
      { type: 'text', text: 'Hi' },
      { type: 'toolCall', index: 0, id: expect.stringMatching(/^call_/), name: 'f', arguments: '{"x":1}' },
      { type: 'toolCall', index: 1, id: expect.stringMatching(/^call_/), name: 'g', arguments: '{}' },
      { type: 'usage', usage: { inputTokens: 2, outputTokens: 3, totalTokens: 5 } },
      { type: 'finish', reason: 'toolCalls' },
    ]);
  });
});
