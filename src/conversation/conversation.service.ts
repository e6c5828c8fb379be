import { Injectable } from '@nestjs/common';
import { newId } from '../platform/clock/id.js';
import { Database } from '../platform/database/database.js';
import { EventBus } from '../platform/event/event-bus.js';
import { etagOf, type ExpectedVersions } from '../platform/http/etag.js';
import type { Page } from '../platform/http/page.js';
import type { Principal } from '../platform/http/principal.js';
import { preconditionFailed } from '../platform/problem/http.errors.js';
import type { Problem } from '../platform/problem/problem.js';
import { AuditLog } from '../security/audit/audit.log.js';
import { Redactor } from '../security/redaction/workspace.redactor.js';
import { ConversationActivity } from './conversation-activity.js';
import {
  toConversation,
  type Conversation,
  type ConversationChanges,
  type ConversationDetail,
  type NewConversation,
  type VersionedConversation,
} from './conversation.js';
import { ConversationListRepository, type ConversationFilter } from './conversation-list.repository.js';
import { ConversationRepository, type ConversationKey } from './conversation.repository.js';
import { DEFAULT_TITLE, titleOf } from './conversation-title.js';
import type { ConversationEntity } from './conversation.entity.js';
import { noConversation } from './conversation.errors.js';
import { ConversationPurged } from './conversation.events.js';

/** Conversations belong to their workspace: every member reads them, editors change them. */
@Injectable()
export class ConversationService {
  constructor(
    private readonly conversations: ConversationRepository,
    private readonly lists: ConversationListRepository,
    private readonly database: Database,
    private readonly events: EventBus,
    private readonly activity: ConversationActivity,
    private readonly redactor: Redactor,
    private readonly audit: AuditLog,
  ) {}

  /** @throws Problem content-blocked */
  async create(caller: Principal, input: NewConversation): Promise<Conversation> {
    const admitted = await this.redactor.admit(caller.workspaceId, input, 'The conversation');
    const { id, title, firstMessage, systemMessage, model, workflow, tags, metadata } = admitted;
    const row = await this.conversations.insert({
      id: id ?? newId(),
      workspaceId: caller.workspaceId,
      createdBy: caller.userId,
      title: title ?? (firstMessage === undefined ? DEFAULT_TITLE : titleOf(firstMessage)),
      systemMessage: systemMessage ?? null,
      model: model ?? null,
      workflow: workflow ?? null,
      tags: tags ?? [],
      metadata: metadata ?? {},
    });
    return toConversation(row);
  }

  /** @throws Problem not-found */
  async open(caller: Principal, id: string): Promise<Conversation> {
    return (await this.read(caller, id)).conversation;
  }

  async get(workspaceId: string, id: string): Promise<Conversation | undefined> {
    const row = await this.conversations.find({ workspaceId, id });
    return row && toConversation(row);
  }

  list(caller: Principal, filter: ConversationFilter): Promise<Page<Conversation>> {
    return this.lists.page(caller.workspaceId, filter);
  }

  /** @throws Problem not-found */
  async read(caller: Principal, id: string): Promise<VersionedConversation> {
    const row = await this.conversations.find({ workspaceId: caller.workspaceId, id });
    if (!row) throw noConversation(id);
    return versioned(row);
  }

  /** What the conversation is, and what is at work on it. @throws Problem not-found */
  async show(caller: Principal, id: string): Promise<VersionedConversation<ConversationDetail>> {
    const [{ conversation, version }, activeRun] = await Promise.all([
      this.read(caller, id),
      this.activity.of(caller.workspaceId, id),
    ]);
    return { conversation: { ...conversation, activeRun }, version };
  }

  /** @throws Problem not-found, precondition-failed, content-blocked */
  async update(
    caller: Principal,
    id: string,
    changes: ConversationChanges,
    expected?: ExpectedVersions,
  ): Promise<VersionedConversation> {
    const key = { workspaceId: caller.workspaceId, id };
    const admitted = await this.redactor.admit(caller.workspaceId, changes, 'The conversation');
    const row = await this.conversations.update(key, admitted, expected);
    if (!row) throw await this.refusal(key);
    return versioned(row);
  }

  /** Hides it from every list and reading; it is kept until it is purged. @throws Problem not-found, precondition-failed */
  async delete(caller: Principal, id: string, expected?: ExpectedVersions): Promise<void> {
    const key = { workspaceId: caller.workspaceId, id };
    await this.database.transaction(async () => {
      if (!(await this.conversations.hide(key, expected))) throw await this.refusal(key);
      await this.note(caller, 'deleted', id);
    });
  }

  /**
   * Removes it for good, deleted before or not, and has every room remove what it keeps of it. It is hidden first, on its
   * own, so that no turn begins while the rooms remove theirs.
   * @throws Problem not-found, precondition-failed
   */
  async purge(caller: Principal, id: string, expected?: ExpectedVersions): Promise<void> {
    const key = { workspaceId: caller.workspaceId, id };
    const isHidden = (await this.conversations.hide(key, expected)) || (await this.conversations.isHidden(key));
    if (!isHidden) throw await this.refusal(key);
    await this.database.transaction(async () => {
      await this.events.publish(new ConversationPurged(key.workspaceId, key.id));
      if (!(await this.conversations.remove(key))) throw noConversation(id);
      await this.note(caller, 'purged', id);
    });
  }

  private note({ workspaceId, userId: actorId }: Principal, act: 'deleted' | 'purged', id: string): Promise<void> {
    const subject = `conversation:${id}` as const;
    return this.audit.record({ workspaceId, actorId, action: `conversation.${act}`, subject, outcome: 'ok' });
  }

  /** Why a conditional change found nothing to change. */
  private async refusal(key: ConversationKey): Promise<Problem> {
    const current = await this.conversations.find(key);
    if (!current) return noConversation(key.id);
    const detail = `Conversation ${key.id} has changed since: its entity tag is ${etagOf(current.version)} now. Read it again and repeat the change.`;
    return preconditionFailed(detail, { headers: { ETag: etagOf(current.version) } });
  }
}

const versioned = (row: ConversationEntity): VersionedConversation => ({
  conversation: toConversation(row),
  version: row.version,
});
