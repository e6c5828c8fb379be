import type { ChatRequest } from '../chat-model.js';
import { openAIRequest } from './openai-request.js';

const DIALECT = { maxTokensField: 'max_tokens', takesTemperature: () => true } as const;

describe('openAIRequest', () => {
  it('writes the least: a model, messages and a stream with usage', () => {
    expect(openAIRequest(request(), DIALECT)).toEqual({
      model: 'm',
      stream: true,
      stream_options: { include_usage: true },
      messages: [{ role: 'user', content: 'hi' }],
    });
  });

  it('writes settings, tools and the messages around a tool call', () => {
    const full = request({
      temperature: 0,
      maxTokens: 5,
      tools: [{ name: 'f', description: 'F.', parameters: { type: 'object' } }],
      messages: [
        { role: 'system', content: 's' },
        { role: 'assistant', content: '', toolCalls: [{ id: 'a', name: 'f', arguments: '{' }] },
        { role: 'tool', content: 'r', toolCallId: 'a', name: 'f' },
        { role: 'assistant', content: 'done', toolCalls: [] },
      ],
    });
    expect(openAIRequest(full, DIALECT)).toMatchObject({
      temperature: 0,
      max_tokens: 5,
      tools: [{ type: 'function', function: { name: 'f', description: 'F.', parameters: { type: 'object' } } }],
      messages: [
        { role: 'system', content: 's' },
        {
          role: 'assistant',
          content: null,
          tool_calls: [{ id: 'a', type: 'function', function: { name: 'f', arguments: '{' } }],
        },
        { role: 'tool', tool_call_id: 'a', content: 'r' },
        { role: 'assistant', content: 'done' },
      ],
    });
  });

  it('follows the dialect', () => {
    const body = openAIRequest(request({ temperature: 1, maxTokens: 5 }), {
      maxTokensField: 'max_completion_tokens',
      takesTemperature: () => false,
    });
    expect(body).toMatchObject({ max_completion_tokens: 5 });
    expect(body).not.toHaveProperty('temperature');
    expect(body).not.toHaveProperty('max_tokens');
  });

  it('asks for strict structured output where the schema allows it', () => {
    const open = { type: 'object', properties: { a: { type: 'string' } } };
    const closed = { ...open, required: ['a'], additionalProperties: false };
    const strict = (schema: Record<string, unknown>) =>
      (openAIRequest(request({ schema }), DIALECT) as { response_format: { json_schema: { strict: boolean } } })
        .response_format.json_schema.strict;
    expect(strict(closed)).toBe(true);
    expect(strict(open)).toBe(false);
    expect(strict({ ...closed, properties: { a: open } })).toBe(false);
    expect(strict({ ...closed, properties: { a: { type: 'array', items: open } } })).toBe(false);
    expect(strict({ ...closed, $defs: { b: open } })).toBe(false);
  });
});

const request = (more: Partial<ChatRequest> = {}): ChatRequest => ({
  model: 'm',
  messages: [{ role: 'user', content: 'hi' }],
  signal: new AbortController().signal,
  ...more,
});
