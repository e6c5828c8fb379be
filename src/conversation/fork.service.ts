import { Injectable } from '@nestjs/common';
import { newId } from '../platform/clock/id.js';
import { Database } from '../platform/database/database.js';
import type { Principal } from '../platform/http/principal.js';
import { toConversation, type Conversation } from './conversation.js';
import { noConversation, noMessage } from './conversation.errors.js';
import { ConversationRepository } from './conversation.repository.js';
import { forkTitleOf } from './conversation-title.js';
import type { ConversationEntity } from './conversation.entity.js';
import { MessageRepository, type BranchMessage } from './message.repository.js';

export interface ForkPoint {
  /** The last message to copy; absent for the whole active branch. */
  readonly messageId?: string;
  readonly title?: string;
}

/** Copies one branch, up to a message, into a conversation of its own. */
@Injectable()
export class ForkService {
  constructor(
    private readonly conversations: ConversationRepository,
    private readonly messages: MessageRepository,
    private readonly database: Database,
  ) {}

  /** The original stays as it is while it is copied. @throws Problem not-found */
  fork(caller: Principal, id: string, { messageId, title }: ForkPoint): Promise<Conversation> {
    const { workspaceId } = caller;
    return this.database.transaction(async () => {
      const original = await this.conversations.hold({ workspaceId, id });
      if (!original) throw noConversation(id);
      const originals = await this.pathTo(original, messageId);
      const copies = originals.map(() => newId());
      const fork = await this.conversations.insert({
        ...original,
        id: newId(),
        createdBy: caller.userId,
        title: title ?? forkTitleOf(original.title),
        ...summaryOf(original, originals, copies),
        forkedFromConversationId: original.id,
        forkedFromMessageId: originals.at(-1)?.id ?? null,
        messageCount: copies.length,
        activeMessageId: copies.at(-1) ?? null,
        lastMessageAt: originals.at(-1)?.createdAt ?? null,
      });
      await this.messages.copy(workspaceId, originals, { conversationId: fork.id, ids: copies });
      return toConversation(fork);
    });
  }

  private async pathTo(
    { workspaceId, id, activeMessageId }: ConversationEntity,
    messageId?: string,
  ): Promise<readonly BranchMessage[]> {
    const thread = { workspaceId, conversationId: id };
    if (messageId !== undefined && !(await this.messages.find(thread, messageId))) {
      throw noMessage(messageId);
    }
    const last = messageId ?? activeMessageId;
    return last === null ? [] : this.messages.path(thread, last);
  }
}

/** The summary comes along when the fork has every message that it tells. */
function summaryOf(
  { summary, summarisedUpTo }: ConversationEntity,
  originals: readonly BranchMessage[],
  copies: readonly string[],
) {
  const copied = originals.findIndex(({ id }) => id === summarisedUpTo);
  return copied < 0 ? { summary: null, summarisedUpTo: null } : { summary, summarisedUpTo: copies[copied] };
}
