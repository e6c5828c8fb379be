import type { ChatMessage, ChatRequest } from '../chat-model.js';
import { isClosedSchema } from './closed-schema.js';

/** What differs between servers that speak this protocol. */
export interface OpenAIDialect {
  /** The name of the output limit: OpenAI's newer models refuse `max_tokens`, most other servers know only that. */
  readonly maxTokensField: 'max_tokens' | 'max_completion_tokens';
  /** Whether the model takes a temperature other than its own. */
  readonly takesTemperature: (model: string) => boolean;
}

/** The body of a streaming chat completion. */
export function openAIRequest(request: ChatRequest, dialect: OpenAIDialect): object {
  const { model, messages, temperature, maxTokens, tools, schema } = request;
  return {
    model,
    stream: true,
    stream_options: { include_usage: true },
    messages: messages.map(openAIMessage),
    ...(temperature !== undefined && dialect.takesTemperature(model) ? { temperature } : {}),
    ...(maxTokens === undefined ? {} : { [dialect.maxTokensField]: maxTokens }),
    ...(tools === undefined || tools.length === 0 ? {} : { tools: tools.map(openAITool) }),
    ...(schema === undefined ? {} : { response_format: responseFormat(schema) }),
  };
}

/** A tool as OpenAI describes it; Ollama and LangChain take the same form. */
export function openAITool({
  name,
  description,
  parameters,
}: {
  name: string;
  description: string;
  parameters: object;
}): object {
  return { type: 'function', function: { name, description, parameters } };
}

function openAIMessage(message: ChatMessage): object {
  if (message.role === 'tool') return { role: 'tool', tool_call_id: message.toolCallId, content: message.content };
  if (message.role !== 'assistant' || message.toolCalls === undefined || message.toolCalls.length === 0)
    return { role: message.role, content: message.content };
  return {
    role: 'assistant',
    content: message.content === '' ? null : message.content,
    tool_calls: message.toolCalls.map(({ id, name, arguments: args }) => ({
      id,
      type: 'function',
      function: { name, arguments: args },
    })),
  };
}

function responseFormat(schema: Readonly<Record<string, unknown>>): object {
  return { type: 'json_schema', json_schema: { name: 'answer', schema, strict: isClosedSchema(schema) } };
}
