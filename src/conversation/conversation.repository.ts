import { Injectable } from '@nestjs/common';
import { IsNull, Not } from 'typeorm';
import { Database } from '../platform/database/database.js';
import type { ExpectedVersions } from '../platform/http/etag.js';
import type { ConversationChanges } from './conversation.js';
import { CONVERSATION_COLUMNS, ConversationEntity } from './conversation.entity.js';

/** Which conversation, in whose workspace. */
export interface ConversationKey {
  readonly workspaceId: string;
  readonly id: string;
}

/** A row to insert; messages that come along with it are counted. */
export type ConversationRow = Pick<
  ConversationEntity,
  'id' | 'workspaceId' | 'createdBy' | 'title' | 'systemMessage' | 'model' | 'workflow' | 'metadata'
> & { readonly tags: readonly string[] } & Partial<
    Pick<
      ConversationEntity,
      | 'summarisedUpTo'
      | 'forkedFromConversationId'
      | 'forkedFromMessageId'
      | 'messageCount'
      | 'activeMessageId'
      | 'lastMessageAt'
    >
  >;

@Injectable()
export class ConversationRepository {
  constructor(private readonly database: Database) {}

  async insert(row: ConversationRow): Promise<ConversationEntity> {
    const [inserted] = await this.database.query<ConversationEntity>(INSERT, [
      row.id,
      row.workspaceId,
      row.createdBy,
      row.title,
      row.systemMessage,
      row.model,
      row.workflow,
      row.tags,
      JSON.stringify(row.metadata),
      row.summarisedUpTo,
      row.forkedFromConversationId,
      row.forkedFromMessageId,
      row.messageCount ?? 0,
      row.activeMessageId,
      row.lastMessageAt,
    ]);
    if (!inserted) throw new Error('INSERT returned no row.');
    return inserted;
  }

  /** The living conversation. */
  find({ workspaceId, id }: ConversationKey): Promise<ConversationEntity | undefined> {
    return this.database.one<ConversationEntity>(FIND, [workspaceId, id]);
  }

  /** The living conversation, which nobody changes until the ambient transaction ends. */
  hold({ workspaceId, id }: ConversationKey): Promise<ConversationEntity | undefined> {
    return this.database.one<ConversationEntity>(HOLD, [workspaceId, id]);
  }

  /** Undefined when the conversation is gone or at another version. */
  update(
    key: ConversationKey,
    changes: ConversationChanges,
    expected: ExpectedVersions,
  ): Promise<ConversationEntity | undefined> {
    const { tags, metadata, ...others } = changes;
    return this.database.transaction(async () => {
      const { affected } = await this.database
        .repository(ConversationEntity)
        .createQueryBuilder()
        .update()
        .set({
          ...others,
          ...(tags === undefined ? {} : { tags: [...(tags ?? [])] }),
          ...(metadata === undefined ? {} : { metadata: metadata ?? {} }),
          version: () => 'version + 1',
          updatedAt: () => 'clock_timestamp()',
        })
        .where('workspace_id = :workspaceId AND id = :id AND deleted_at IS NULL', key)
        .andWhere('(CAST(:expected AS integer[]) IS NULL OR version = ANY(:expected))', { expected: expected ?? null })
        .execute();
      return affected === 1 ? this.find(key) : undefined;
    });
  }

  /** Deletes softly; false when the conversation is gone or at another version. */
  async hide({ workspaceId, id }: ConversationKey, expected: ExpectedVersions): Promise<boolean> {
    return (await this.database.one(HIDE, [workspaceId, id, expected])) !== undefined;
  }

  /** Deletes the conversation, hidden or not, and its messages for good; false when there is none. */
  async remove({ workspaceId, id }: ConversationKey): Promise<boolean> {
    const { affected } = await this.database.repository(ConversationEntity).delete({ workspaceId, id });
    return affected === 1;
  }

  isHidden({ workspaceId, id }: ConversationKey): Promise<boolean> {
    return this.database.repository(ConversationEntity).existsBy({ workspaceId, id, deletedAt: Not(IsNull()) });
  }
}

const INSERT = `
  INSERT INTO conversation AS c (
    id, workspace_id, created_by, title, system_message, model, workflow, tags, metadata, summarised_up_to,
    forked_from_conversation_id, forked_from_message_id, message_count, last_sequence, active_message_id, last_message_at)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $13, $14, $15)
  RETURNING ${CONVERSATION_COLUMNS}`;

const FIND = `SELECT ${CONVERSATION_COLUMNS} FROM conversation c WHERE c.workspace_id = $1 AND c.id = $2 AND c.deleted_at IS NULL`;

const HOLD = `${FIND} FOR NO KEY UPDATE`;

const HIDE = `
  UPDATE conversation SET deleted_at = clock_timestamp()
  WHERE workspace_id = $1 AND id = $2 AND deleted_at IS NULL AND ($3::integer[] IS NULL OR version = ANY($3))
  RETURNING id`;
