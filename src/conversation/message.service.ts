import { Injectable } from '@nestjs/common';
import { newId } from '../platform/clock/id.js';
import { Database } from '../platform/database/database.js';
import { decodeCursor, toPage, type Page } from '../platform/http/page.js';
import type { Principal } from '../platform/http/principal.js';
import { conflict } from '../platform/problem/http.errors.js';
import { noConversation, noMessage } from './conversation.errors.js';
import { ConversationRepository } from './conversation.repository.js';
import { toMessage, type Message, type NewMessage } from './message.js';
import { MessageRepository, type Thread } from './message.repository.js';

export interface MessageFilter {
  /** A message of the branch to show; absent for the active branch. */
  readonly branch?: string;
  readonly limit: number;
  readonly cursor?: string;
}

/** The messages of a conversation form a tree; a path from its root to a leaf is a branch, and one branch is active. */
@Injectable()
export class MessageService {
  constructor(
    private readonly messages: MessageRepository,
    private readonly conversations: ConversationRepository,
    private readonly database: Database,
  ) {}

  /**
   * Writes a message at the end of its branch and makes that branch the active one, in one statement. The conversation
   * stays locked until the ambient transaction ends, so that messages are numbered in the order of their commits.
   * @throws Problem not-found when the conversation or the parent is gone, conflict when the run already has its message
   */
  async append(message: NewMessage): Promise<Message> {
    const row = await this.messages.append(message.id ?? newId(), message);
    if (!row) throw noConversation(message.conversationId);
    return toMessage(row);
  }

  /**
   * The last `limit` messages of the branch that ends at the message `upTo` (inclusive), oldest first; one statement
   * whose cost does not grow with the conversation. Empty when there is no such message.
   */
  async history(scope: Thread & { readonly upTo: string; readonly limit: number }): Promise<readonly Message[]> {
    const rows = await this.messages.last(scope, scope.upTo, scope.limit);
    return rows.map(toMessage);
  }

  /** The question and the answer of a chat run, as far as they exist. */
  async ofRun(workspaceId: string, runId: string): Promise<{ user?: Message; assistant?: Message }> {
    const rows = (await this.messages.ofRun(workspaceId, runId)).map(toMessage);
    return { user: rows.find(({ role }) => role === 'user'), assistant: rows.find(({ role }) => role === 'assistant') };
  }

  async get(workspaceId: string, conversationId: string, messageId: string): Promise<Message | undefined> {
    const row = await this.messages.find({ workspaceId, conversationId }, messageId);
    return row && toMessage(row);
  }

  /** @throws Problem not-found */
  async read(caller: Principal, conversationId: string, messageId: string): Promise<Message> {
    const message = await this.get(caller.workspaceId, conversationId, messageId);
    if (!message) throw noMessage(messageId);
    return message;
  }

  /** What a member of the workspace says; no run answers it. @throws Problem not-found */
  say(caller: Principal, conversationId: string, content: string): Promise<Message> {
    return this.append({
      workspaceId: caller.workspaceId,
      conversationId,
      createdBy: caller.userId,
      role: 'user',
      content,
    });
  }

  /**
   * A branch, oldest first. A cursor holds the branch's last message as of the first page, so that the pages of one
   * reading fit together whatever is written meanwhile.
   * @throws Problem not-found, validation-failed for a foreign cursor
   */
  async list(
    caller: Principal,
    conversationId: string,
    { branch, limit, cursor }: MessageFilter,
  ): Promise<Page<Message>> {
    const thread = { workspaceId: caller.workspaceId, conversationId };
    const conversation = await this.conversations.find({ workspaceId: thread.workspaceId, id: conversationId });
    if (!conversation) throw noConversation(conversationId);

    const [leaf, after] =
      cursor === undefined
        ? [await this.leafOf(thread, branch, conversation.activeMessageId), 0]
        : decodeCursor(cursor, ['id', 'integer']);
    if (!leaf) return { items: [], nextCursor: null };
    const rows = await this.messages.page(thread, leaf, after ?? 0, limit + 1);
    return toPage(rows, limit, ({ sequence }) => [leaf, sequence], toMessage);
  }

  /** @throws Problem not-found, conflict when it is no answer */
  async rate(caller: Principal, conversationId: string, messageId: string, rating: number): Promise<Message> {
    const { role } = await this.read(caller, conversationId, messageId);
    if (role !== 'assistant')
      throw conflict(`Message ${messageId} is of role ${role}; only answers of the assistant are rated.`);
    const thread = { workspaceId: caller.workspaceId, conversationId };
    if (!(await this.messages.rate(thread, messageId, rating))) throw noMessage(messageId);
    return this.read(caller, conversationId, messageId);
  }

  /**
   * Empties the message and hides it everywhere. What followed it follows the message before it; when it was the last of
   * the active branch, that one is the last now.
   * @throws Problem not-found
   */
  async delete(caller: Principal, conversationId: string, messageId: string): Promise<void> {
    const { workspaceId } = caller;
    await this.database.transaction(async () => {
      if (!(await this.conversations.hold({ workspaceId, id: conversationId }))) throw noConversation(conversationId);
      if (!(await this.messages.wipe({ workspaceId, conversationId }, messageId))) throw noMessage(messageId);
    });
  }

  /** The last message of the branch to show; undefined when there is none yet. */
  private async leafOf(thread: Thread, branch: string | undefined, active: string | null): Promise<string | undefined> {
    if (branch === undefined) return active ?? undefined;
    const leaf = await this.messages.newestLeaf(thread, branch);
    if (leaf === undefined) throw noMessage(branch);
    return leaf;
  }
}
