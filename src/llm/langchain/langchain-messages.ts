import { AIMessage, HumanMessage, SystemMessage, ToolMessage, type BaseMessage } from '@langchain/core/messages';
import type { ChatMessage } from '../chat-model.js';
import { argumentsObject } from '../wire/arguments-object.js';

/** Our messages as LangChain's. System messages become one at the front: several providers accept no other place. */
export function langChainMessages(messages: readonly ChatMessage[]): BaseMessage[] {
  const system = messages.filter(({ role }) => role === 'system').map(({ content }) => content);
  const others = messages.flatMap((message) => langChainMessage(message) ?? []);
  return system.length === 0 ? others : [new SystemMessage(system.join('\n\n')), ...others];
}

function langChainMessage(message: ChatMessage): BaseMessage | undefined {
  switch (message.role) {
    case 'system':
      return undefined;
    case 'user':
      return new HumanMessage(message.content);
    case 'tool':
      return new ToolMessage({ content: message.content, tool_call_id: message.toolCallId, name: message.name });
    case 'assistant':
      return new AIMessage({
        content: message.content,
        tool_calls: (message.toolCalls ?? []).map(({ id, name, arguments: args }) => ({
          type: 'tool_call' as const,
          id,
          name,
          args: argumentsObject(args) as Record<string, unknown>,
        })),
      });
  }
}
