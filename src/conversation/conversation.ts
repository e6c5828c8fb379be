import type { ActiveRun } from './activity-source.js';
import type { ConversationEntity, ConversationStatus } from './conversation.entity.js';

/** A conversation as the API shows it. What is unset is absent, never null. */
export interface Conversation {
  readonly id: string;
  readonly title: string;
  readonly status: ConversationStatus;
  readonly systemMessage?: string;
  /** `provider:model`. */
  readonly model?: string;
  readonly workflow?: string;
  readonly tags: readonly string[];
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly summary?: string;
  /** The last message that `summary` covers. */
  readonly summarisedUpTo?: string;
  readonly messageCount: number;
  readonly lastMessageAt?: string;
  readonly createdAt: string;
  readonly updatedAt: string;
}

/** A conversation and the version that its entity tag names. */
export interface VersionedConversation<Shown extends Conversation = Conversation> {
  readonly conversation: Shown;
  readonly version: number;
}

/** A conversation that is read alone: with the run that holds it, if any. */
export interface ConversationDetail extends Conversation {
  readonly activeRun?: ActiveRun;
}

/** What a conversation is opened with. Without a title it takes one from `firstMessage`. */
export interface NewConversation {
  readonly id?: string;
  readonly title?: string;
  readonly firstMessage?: string;
  readonly systemMessage?: string;
  readonly model?: string;
  readonly workflow?: string;
  readonly tags?: readonly string[];
  readonly metadata?: Readonly<Record<string, unknown>>;
}

/** What to change: absent keeps, null clears. */
export interface ConversationChanges {
  readonly title?: string;
  readonly status?: ConversationStatus;
  readonly systemMessage?: string | null;
  readonly model?: string | null;
  readonly workflow?: string | null;
  readonly tags?: readonly string[] | null;
  readonly metadata?: Readonly<Record<string, unknown>> | null;
}

export const toConversation = (row: ConversationEntity): Conversation => ({
  id: row.id,
  title: row.title,
  status: row.status,
  systemMessage: row.systemMessage ?? undefined,
  model: row.model ?? undefined,
  workflow: row.workflow ?? undefined,
  tags: row.tags,
  metadata: row.metadata as Readonly<Record<string, unknown>>,
  summary: row.summary ?? undefined,
  summarisedUpTo: row.summarisedUpTo ?? undefined,
  messageCount: row.messageCount,
  lastMessageAt: row.lastMessageAt?.toISOString(),
  createdAt: row.createdAt.toISOString(),
  updatedAt: row.updatedAt.toISOString(),
});
