import type { MessageEntity, MessageRole, MessageUsage } from './message.entity.js';

/** A message as the API shows it. What is unset is absent, never null; only a first message's `parentId` is null. */
export interface Message {
  readonly id: string;
  readonly conversationId: string;
  readonly parentId: string | null;
  readonly role: MessageRole;
  readonly content: string;
  /** Order of writing within the conversation, from 1; all branches share one count. */
  readonly sequence: number;
  readonly runId?: string;
  readonly model?: string;
  readonly usage?: MessageUsage;
  /** US dollars. */
  readonly cost?: number;
  readonly finishReason?: string;
  readonly citations?: unknown;
  readonly toolCalls?: unknown;
  readonly rating?: number;
  readonly durationMs?: number;
  readonly createdAt: string;
}

/** What to append. */
export interface NewMessage {
  readonly id?: string;
  readonly workspaceId: string;
  readonly conversationId: string;
  /** Absent: after the active branch's last message. null: at the root. A deleted one: after its nearest living ancestor. */
  readonly parentId?: string | null;
  /** The user who wrote it; absent for what a run wrote. */
  readonly createdBy?: string;
  readonly role: MessageRole;
  readonly content: string;
  readonly runId?: string;
  readonly model?: string;
  readonly usage?: MessageUsage;
  readonly cost?: number | null;
  readonly finishReason?: string;
  readonly citations?: unknown;
  readonly toolCalls?: unknown;
  readonly durationMs?: number;
}

export const toMessage = (row: MessageEntity): Message => ({
  id: row.id,
  conversationId: row.conversationId,
  parentId: row.parentId,
  role: row.role,
  content: row.content,
  sequence: row.sequence,
  runId: row.runId ?? undefined,
  model: row.model ?? undefined,
  usage: row.usage ?? undefined,
  cost: row.cost ?? undefined,
  finishReason: row.finishReason ?? undefined,
  citations: row.citations ?? undefined,
  toolCalls: row.toolCalls ?? undefined,
  rating: row.rating ?? undefined,
  durationMs: row.durationMs ?? undefined,
  createdAt: row.createdAt.toISOString(),
});
