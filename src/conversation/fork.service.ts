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
import { SummaryRepository } from './summary.repository.js';

export interface ForkPoint {
  /** The last message to copy; absent for the whole active branch. */
  readonly messageId?: string;
  readonly title?: string;
}

/** Copies one branch, up to a message, into a conversation of its own, with the summaries of what is copied. */
@Injectable()
export class ForkService {
  constructor(
    private readonly conversations: ConversationRepository,
    private readonly messages: MessageRepository,
    private readonly summaries: SummaryRepository,
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
      const thread = { workspaceId, conversationId: id };
      const places = new Map(originals.map((message, place) => [message.id, place]));
      const told = (await this.summaries.of(thread)).findLast(({ upTo }) => places.has(upTo));
      const fork = await this.conversations.insert({
        ...original,
        id: newId(),
        createdBy: caller.userId,
        title: title ?? forkTitleOf(original.title),
        summarisedUpTo: told ? copies[places.get(told.upTo) ?? -1] : null,
        forkedFromConversationId: original.id,
        forkedFromMessageId: originals.at(-1)?.id ?? null,
        messageCount: copies.length,
        activeMessageId: copies.at(-1) ?? null,
        lastMessageAt: originals.at(-1)?.createdAt ?? null,
      });
      const into = { conversationId: fork.id, ids: copies };
      await this.messages.copy(workspaceId, originals, into);
      if (told) await this.summaries.copy(thread, [...places.keys()], into);
      return toConversation({ ...fork, summary: told?.text ?? null });
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
