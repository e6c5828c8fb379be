import { Injectable } from '@nestjs/common';
import type { Message } from '../conversation/message.js';
import { MessageService } from '../conversation/message.service.js';
import type { ChatMessage } from '../llm/chat-model.js';
import { HistorySource, type History } from '../workflow/node/history-source.js';
import type { RunIdentity } from '../workflow/node/node-type.js';

/** The conversation's branch, as the engine's memory. */
@Injectable()
@HistorySource()
export class ConversationHistory implements History {
  constructor(private readonly messages: MessageService) {}

  async before(
    { workspaceId, conversationId, messageId }: RunIdentity,
    limit: number,
  ): Promise<readonly ChatMessage[]> {
    if (conversationId === undefined || messageId === undefined) return [];
    const upTo = await this.messages.history({ workspaceId, conversationId, upTo: messageId, limit: limit + 1 });
    return upTo.filter(({ id }) => id !== messageId).flatMap(toChatMessage);
  }
}

const toChatMessage = ({ role, content }: Message): ChatMessage[] => (role === 'tool' ? [] : [{ role, content }]);
