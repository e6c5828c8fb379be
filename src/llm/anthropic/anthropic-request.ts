import type { ChatMessage, ChatRequest } from '../chat-model.js';
import { argumentsObject } from '../wire/arguments-object.js';
import { anthropicSchema } from './anthropic-schema.js';

interface Turn {
  readonly role: 'user' | 'assistant';
  readonly content: object[];
}

/**
 * The body of a streaming message. System messages move to `system`; neighbouring messages of one side become one turn,
 * as the results of parallel tool calls must stand in a single user turn. `maxTokens` is mandatory here: without one
 * `defaultMaxTokens` is sent.
 */
export function anthropicRequest(request: ChatRequest, defaultMaxTokens: number): object {
  const { model, messages, temperature, maxTokens, tools, schema } = request;
  const system = messages.filter(({ role }) => role === 'system').map(({ content }) => textBlock(content));
  return {
    model,
    stream: true,
    max_tokens: maxTokens ?? defaultMaxTokens,
    ...(system.length === 0 ? {} : { system }),
    messages: turns(messages),
    // Anthropic's range ends at 1.
    ...(temperature === undefined ? {} : { temperature: Math.min(temperature, 1) }),
    ...(tools === undefined || tools.length === 0
      ? withoutTools(messages)
      : { tools: tools.map(({ name, description, parameters }) => ({ name, description, input_schema: parameters })) }),
    ...(schema === undefined
      ? {}
      : { output_config: { format: { type: 'json_schema', schema: anthropicSchema(schema) } } }),
  };
}

/** A conversation with tool calls in it is refused unless their tools are declared, also when none may be called. */
function withoutTools(messages: readonly ChatMessage[]): object {
  const called = messages.flatMap((message) => (message.role === 'assistant' ? (message.toolCalls ?? []) : []));
  const names = [...new Set(called.map(({ name }) => name))];
  if (names.length === 0) return {};
  return {
    tools: names.map((name) => ({ name, input_schema: { type: 'object' } })),
    tool_choice: { type: 'none' },
  };
}

function turns(messages: readonly ChatMessage[]): Turn[] {
  const result: Turn[] = [];
  for (const message of messages) {
    const content = blocks(message);
    if (content.length === 0) continue;
    const role = message.role === 'assistant' ? 'assistant' : 'user';
    const last = result.at(-1);
    if (last?.role === role) last.content.push(...content);
    else result.push({ role, content });
  }
  return result;
}

function blocks(message: ChatMessage): object[] {
  switch (message.role) {
    case 'system':
      return [];
    case 'tool':
      return [{ type: 'tool_result', tool_use_id: message.toolCallId, content: message.content }];
    case 'user':
      return [textBlock(message.content)];
    case 'assistant': {
      const calls = (message.toolCalls ?? []).map(({ id, name, arguments: args }) => ({
        type: 'tool_use',
        id,
        name,
        input: argumentsObject(args),
      }));
      return message.content === '' ? calls : [textBlock(message.content), ...calls];
    }
  }
}

const textBlock = (text: string): object => ({ type: 'text', text });
