import { Column, Entity, PrimaryColumn } from 'typeorm';

export const CONVERSATION_STATUSES = ['active', 'archived'] as const;
export type ConversationStatus = (typeof CONVERSATION_STATUSES)[number];

@Entity('conversation')
export class ConversationEntity {
  @PrimaryColumn('uuid')
  readonly id!: string;

  @Column('uuid', { name: 'workspace_id' })
  readonly workspaceId!: string;

  @Column('uuid', { name: 'created_by' })
  readonly createdBy!: string;

  @Column('text')
  readonly title!: string;

  @Column('text')
  readonly status!: ConversationStatus;

  @Column('text', { name: 'system_message', nullable: true })
  readonly systemMessage!: string | null;

  @Column('text', { nullable: true })
  readonly model!: string | null;

  @Column('text', { nullable: true })
  readonly workflow!: string | null;

  @Column('text', { array: true })
  readonly tags!: string[];

  @Column('jsonb')
  readonly metadata!: object;

  /** What the messages of the active branch up to `summarisedUpTo` said; from the table of summaries. */
  readonly summary!: string | null;

  @Column('uuid', { name: 'summarised_up_to', nullable: true })
  readonly summarisedUpTo!: string | null;

  @Column('uuid', { name: 'forked_from_conversation_id', nullable: true })
  readonly forkedFromConversationId!: string | null;

  @Column('uuid', { name: 'forked_from_message_id', nullable: true })
  readonly forkedFromMessageId!: string | null;

  /** Living messages of all branches. */
  @Column('integer', { name: 'message_count' })
  readonly messageCount!: number;

  /** The sequence given last; never given again, also when its message is deleted. */
  @Column('integer', { name: 'last_sequence' })
  readonly lastSequence!: number;

  /** The last message of the active branch. */
  @Column('uuid', { name: 'active_message_id', nullable: true })
  readonly activeMessageId!: string | null;

  @Column({ type: 'timestamptz', name: 'last_message_at', precision: 3, nullable: true })
  readonly lastMessageAt!: Date | null;

  /** Counts edits of the conversation itself; messages leave it alone. */
  @Column('integer')
  readonly version!: number;

  @Column({ type: 'timestamptz', name: 'deleted_at', precision: 3, nullable: true })
  readonly deletedAt!: Date | null;

  @Column({ type: 'timestamptz', name: 'created_at', precision: 3 })
  readonly createdAt!: Date;

  @Column({ type: 'timestamptz', name: 'updated_at', precision: 3 })
  readonly updatedAt!: Date;
}

/** The columns of {@link ConversationEntity} in a statement that calls the table `c`. */
export const CONVERSATION_COLUMNS = `
  c.id, c.workspace_id AS "workspaceId", c.created_by AS "createdBy", c.title, c.status, c.system_message AS "systemMessage",
  c.model, c.workflow, c.tags, c.metadata, c.summarised_up_to AS "summarisedUpTo",
  (SELECT s.content FROM conversation_summary s
    WHERE s.workspace_id = c.workspace_id AND s.conversation_id = c.id AND s.message_id = c.summarised_up_to) AS summary,
  c.forked_from_conversation_id AS "forkedFromConversationId", c.forked_from_message_id AS "forkedFromMessageId",
  c.message_count AS "messageCount", c.last_sequence AS "lastSequence", c.active_message_id AS "activeMessageId",
  c.last_message_at AS "lastMessageAt", c.version, c.deleted_at AS "deletedAt", c.created_at AS "createdAt",
  c.updated_at AS "updatedAt"`;
