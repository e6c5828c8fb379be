import type { ChatMessage, ChatRequest } from '../chat-model.js';
import { openAITool } from '../openai/openai-request.js';
import { argumentsObject } from '../wire/arguments-object.js';

/** The body of a streaming chat. `contextWindow` is sent with each request: Ollama's own default cuts long prompts silently. */
export function ollamaRequest(request: ChatRequest, contextWindow: number): object {
  const { model, messages, temperature, maxTokens, tools, schema } = request;
  return {
    model,
    stream: true,
    messages: messages.map(ollamaMessage),
    options: {
      num_ctx: contextWindow,
      ...(temperature === undefined ? {} : { temperature }),
      ...(maxTokens === undefined ? {} : { num_predict: maxTokens }),
    },
    ...(tools === undefined || tools.length === 0 ? {} : { tools: tools.map(openAITool) }),
    ...(schema === undefined ? {} : { format: schema }),
  };
}

function ollamaMessage(message: ChatMessage): object {
  if (message.role === 'tool') return { role: 'tool', tool_name: message.name, content: message.content };
  if (message.role !== 'assistant' || message.toolCalls === undefined || message.toolCalls.length === 0)
    return { role: message.role, content: message.content };
  return {
    role: 'assistant',
    content: message.content,
    tool_calls: message.toolCalls.map(({ name, arguments: args }) => ({
      function: { name, arguments: argumentsObject(args) },
    })),
  };
}
