import { Injectable } from '@nestjs/common';
import { newId } from '../platform/clock/id.js';
import { Database } from '../platform/database/database.js';
import { decodeCursor, toPage, type Page } from '../platform/http/page.js';
import type { Principal } from '../platform/http/principal.js';
import { conflict } from '../platform/problem/http.errors.js';
import { AuditLog } from '../security/audit/audit.log.js';
import { Redactor } from '../security/redaction/workspace.redactor.js';
import { noConversation, noMessage } from './conversation.errors.js';
import { ConversationActivity } from './conversation-activity.js';
import { ConversationRepository } from './conversation.repository.js';
import { toMessage, type Message, type NewMessage } from './message.js';
import type { MessageEntity } from './message.entity.js';
import { MessageRepository, type Thread } from './message.repository.js';

export interface SummarisedMessage extends Message {
  /** Of what was said up to this message. */
  readonly summary?: string;
}

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
    private readonly activity: ConversationActivity,
    private readonly redactor: Redactor,
    private readonly audit: AuditLog,
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
   * Makes sure of the message that a turn answers: writes it as `append` does or, when it is there already and is
   * answered anew, sees to it that it and its conversation are not deleted before the ambient transaction ends.
   * @throws Problem as `append`, not-found when the message was deleted
   */
  async ask(message: NewMessage & { readonly id: string }): Promise<void> {
    if (await this.messages.append(message.id, message)) return;
    await this.held(message, message.id);
  }

  /**
   * The last `limit` messages of the branch that ends at the message `upTo` (inclusive), oldest first, with the summaries
   * that end among them; one statement whose cost does not grow with the conversation. Empty when there is no such
   * message.
   */
  async history(
    scope: Thread & { readonly upTo: string; readonly limit: number },
  ): Promise<readonly SummarisedMessage[]> {
    const rows = await this.messages.last(scope, scope.upTo, scope.limit);
    return rows.map((row) => ({ ...toMessage(row), ...(row.summary !== null && { summary: row.summary }) }));
  }

  /** The question and the answer that a chat run wrote, as far as they exist; one that answered anew wrote no question. */
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

  /**
   * The user message that a message is, or is an answer to.
   * @throws Problem not-found, conflict when there is no such user message
   */
  async questionOf(caller: Principal, conversationId: string, messageId: string): Promise<Message> {
    const rows = await this.messages.withParent({ workspaceId: caller.workspaceId, conversationId }, messageId);
    const [message, parent] = rows.toReversed();
    if (!message) throw noMessage(messageId);
    if (message.role === 'user') return toMessage(message);
    if (message.role === 'assistant' && parent?.role === 'user') return toMessage(parent);
    const detail = `Message ${messageId} of role ${message.role} answers no user message that is still there. Name a user message, or send a new one.`;
    throw conflict(detail);
  }

  /**
   * Says something else in place of a user message: a sibling of it, which begins a branch that is active from now on.
   * The message and what followed it stay as they are, on their own branch. Not while a run does its work.
   * @throws Problem not-found, content-blocked, conflict when it is no user message
   */
  async edit(caller: Principal, conversationId: string, messageId: string, text: string): Promise<Message> {
    const { workspaceId, userId } = caller;
    const content = await this.redactor.admit(workspaceId, text, 'The message');
    return this.database.transaction(async () => {
      const { role, parentId } = await this.held({ workspaceId, conversationId }, messageId);
      await this.refuseWhileBusy(workspaceId, conversationId);
      if (role !== 'user') {
        const detail = `Message ${messageId} is of role ${role}; only user messages are edited. Edit the user message before it, or regenerate the answer.`;
        throw conflict(detail);
      }
      return this.append({ workspaceId, conversationId, parentId, createdBy: userId, role, content });
    });
  }

  /**
   * What a member of the workspace says; no run answers it. Not while a run does its work: its answer belongs right
   * after its question. @throws Problem not-found, conflict, content-blocked
   */
  async say(caller: Principal, conversationId: string, content: string): Promise<Message> {
    await this.refuseWhileBusy(caller.workspaceId, conversationId);
    return this.append({
      workspaceId: caller.workspaceId,
      conversationId,
      createdBy: caller.userId,
      role: 'user',
      content: await this.redactor.admit(caller.workspaceId, content, 'The message'),
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
   * the active branch, that one is the last now. Not while a run does its work: it may answer this very message.
   * @throws Problem not-found, conflict
   */
  async delete(caller: Principal, conversationId: string, messageId: string): Promise<void> {
    const { workspaceId, userId: actorId } = caller;
    await this.database.transaction(async () => {
      if (!(await this.conversations.hold({ workspaceId, id: conversationId }))) throw noConversation(conversationId);
      await this.refuseWhileBusy(workspaceId, conversationId);
      if (!(await this.messages.wipe({ workspaceId, conversationId }, messageId))) throw noMessage(messageId);
      const act = { workspaceId, actorId, action: 'message.deleted', subject: `message:${messageId}` } as const;
      await this.audit.record({ ...act, outcome: 'ok', detail: { conversationId } });
    });
  }

  /** While the conversation is held by the ambient transaction, none begins afterwards before that ends. */
  private async refuseWhileBusy(workspaceId: string, conversationId: string): Promise<void> {
    const activeRun = await this.activity.of(workspaceId, conversationId);
    if (!activeRun) return;
    const detail = `Run ${activeRun.id} is answering in this conversation. Wait for its end, or cancel it.`;
    throw conflict(detail, { extensions: { runId: activeRun.id } });
  }

  /** A living message, whose conversation nobody changes until the ambient transaction ends. @throws Problem not-found */
  private async held({ workspaceId, conversationId }: Thread, messageId: string): Promise<MessageEntity> {
    if (!(await this.conversations.hold({ workspaceId, id: conversationId }))) throw noConversation(conversationId);
    const message = await this.messages.find({ workspaceId, conversationId }, messageId);
    if (!message) throw noMessage(messageId);
    return message;
  }

  /** The last message of the branch to show; undefined when there is none yet. */
  private async leafOf(thread: Thread, branch: string | undefined, active: string | null): Promise<string | undefined> {
    if (branch === undefined) return active ?? undefined;
    const leaf = await this.messages.newestLeaf(thread, branch);
    if (leaf === undefined) throw noMessage(branch);
    return leaf;
  }
}
