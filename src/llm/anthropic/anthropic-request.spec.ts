import type { ChatRequest } from '../chat-model.js';
import { anthropicRequest } from './anthropic-request.js';

describe('anthropicRequest', () => {
  it('moves system messages and joins neighbouring messages of one side', () => {
    const body = anthropicRequest(
      request({
        messages: [
          { role: 'system', content: 's1' },
          { role: 'user', content: 'u' },
          { role: 'system', content: 's2' },
          { role: 'assistant', content: 'a', toolCalls: [call('1', '{"x":1}'), call('2', 'broken{')] },
          { role: 'tool', content: 'r1', toolCallId: '1', name: 'f' },
          { role: 'tool', content: 'r2', toolCallId: '2', name: 'f' },
          { role: 'user', content: 'v' },
        ],
      }),
      100,
    );
    expect(body).toMatchObject({
      model: 'm',
      stream: true,
      max_tokens: 100,
      system: [
        { type: 'text', text: 's1' },
        { type: 'text', text: 's2' },
      ],
      messages: [
        { role: 'user', content: [{ type: 'text', text: 'u' }] },
        {
          role: 'assistant',
          content: [
            { type: 'text', text: 'a' },
            { type: 'tool_use', id: '1', name: 'f', input: { x: 1 } },
            { type: 'tool_use', id: '2', name: 'f', input: { arguments: 'broken{' } },
          ],
        },
        {
          role: 'user',
          content: [
            { type: 'tool_result', tool_use_id: '1', content: 'r1' },
            { type: 'tool_result', tool_use_id: '2', content: 'r2' },
            { type: 'text', text: 'v' },
          ],
        },
      ],
    });
  });

  it('declares the tools of earlier calls when none may be called any more, as calls without are refused', () => {
    const user = { role: 'user', content: 'u' } as const;
    const called = { role: 'assistant', content: '', toolCalls: [call('1', '{}'), call('2', '{}')] } as const;
    const result = { role: 'tool', content: 'r', toolCallId: '1', name: 'f' } as const;
    expect(anthropicRequest(request({ messages: [user, called, result] }), 1)).toMatchObject({
      tools: [{ name: 'f', input_schema: { type: 'object' } }],
      tool_choice: { type: 'none' },
    });
    const plain = anthropicRequest(request({ messages: [user] }), 1);
    expect(plain).not.toHaveProperty('tools');
    expect(plain).not.toHaveProperty('tool_choice');
  });

  it('leaves out an empty answer, as an empty text is refused', () => {
    const messages = [
      { role: 'user', content: 'a' } as const,
      { role: 'assistant', content: '' } as const,
      { role: 'user', content: 'b' } as const,
    ];
    expect(anthropicRequest(request({ messages }), 1)).toMatchObject({
      messages: [
        {
          role: 'user',
          content: [
            { type: 'text', text: 'a' },
            { type: 'text', text: 'b' },
          ],
        },
      ],
    });
  });

  it("keeps the temperature in Anthropic's range and writes tools and limits", () => {
    const tools = [{ name: 'f', description: 'F.', parameters: { type: 'object' } }];
    expect(anthropicRequest(request({ temperature: 1.7, maxTokens: 5, tools }), 100)).toMatchObject({
      temperature: 1,
      max_tokens: 5,
      tools: [{ name: 'f', description: 'F.', input_schema: { type: 'object' } }],
    });
  });

  it('closes the schema of a structured answer and leaves out what is not supported', () => {
    const schema = {
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      type: 'object',
      properties: {
        minimum: { type: 'integer', minimum: 1 },
        list: {
          type: 'array',
          minItems: 2,
          items: { type: 'object', properties: { a: { type: 'string', maxLength: 3, enum: ['x'] } } },
        },
      },
    };
    expect(anthropicRequest(request({ schema }), 1)).toMatchObject({
      output_config: {
        format: {
          type: 'json_schema',
          schema: {
            type: 'object',
            additionalProperties: false,
            properties: {
              minimum: { type: 'integer' },
              list: {
                type: 'array',
                items: {
                  type: 'object',
                  additionalProperties: false,
                  properties: { a: { type: 'string', enum: ['x'] } },
                },
              },
            },
          },
        },
      },
    });
    expect(JSON.stringify(anthropicRequest(request({ schema }), 1))).not.toMatch(
      /minItems|maxLength|\$schema|"minimum":1/,
    );
  });
});

const call = (id: string, args: string) => ({ id, name: 'f', arguments: args });

const request = (more: Partial<ChatRequest> = {}): ChatRequest => ({
  model: 'm',
  messages: [{ role: 'user', content: 'hi' }],
  signal: new AbortController().signal,
  ...more,
});
