import { Column, Entity, PrimaryColumn } from 'typeorm';

export const MESSAGE_ROLES = ['user', 'assistant', 'system', 'tool'] as const;
export type MessageRole = (typeof MESSAGE_ROLES)[number];

export interface MessageUsage {
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly totalTokens: number;
}

@Entity('message')
export class MessageEntity {
  @PrimaryColumn('uuid')
  readonly id!: string;

  @Column('uuid', { name: 'workspace_id' })
  readonly workspaceId!: string;

  @Column('uuid', { name: 'conversation_id' })
  readonly conversationId!: string;

  /** The message before this one on its branch; null for the first. */
  @Column('uuid', { name: 'parent_id', nullable: true })
  readonly parentId!: string | null;

  /** The user who wrote it; null for what a run wrote. */
  @Column('uuid', { name: 'created_by', nullable: true })
  readonly createdBy!: string | null;

  @Column('text')
  readonly role!: MessageRole;

  @Column('text')
  readonly content!: string;

  /** 1, 2, 3 ... in the order of writing, across all branches of the conversation. Always above the parent's. */
  @Column('integer')
  readonly sequence!: number;

  @Column('uuid', { name: 'run_id', nullable: true })
  readonly runId!: string | null;

  @Column('text', { nullable: true })
  readonly model!: string | null;

  @Column('jsonb', { nullable: true })
  readonly usage!: MessageUsage | null;

  /** US dollars. */
  @Column('double precision', { nullable: true })
  readonly cost!: number | null;

  @Column('text', { name: 'finish_reason', nullable: true })
  readonly finishReason!: string | null;

  @Column('jsonb', { nullable: true })
  readonly citations!: unknown;

  @Column('jsonb', { name: 'tool_calls', nullable: true })
  readonly toolCalls!: unknown;

  @Column('smallint', { nullable: true })
  readonly rating!: number | null;

  @Column('integer', { name: 'duration_ms', nullable: true })
  readonly durationMs!: number | null;

  @Column({ type: 'timestamptz', name: 'deleted_at', precision: 3, nullable: true })
  readonly deletedAt!: Date | null;

  @Column({ type: 'timestamptz', name: 'created_at', precision: 3 })
  readonly createdAt!: Date;
}

/** The columns of {@link MessageEntity} in a statement that calls the table `m`. */
export const MESSAGE_COLUMNS = `
  m.id, m.workspace_id AS "workspaceId", m.conversation_id AS "conversationId", m.parent_id AS "parentId",
  m.created_by AS "createdBy", m.role, m.content, m.sequence, m.run_id AS "runId", m.model, m.usage, m.cost,
  m.finish_reason AS "finishReason", m.citations, m.tool_calls AS "toolCalls", m.rating, m.duration_ms AS "durationMs",
  m.deleted_at AS "deletedAt", m.created_at AS "createdAt"`;
