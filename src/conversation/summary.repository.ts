import { Injectable } from '@nestjs/common';
import { Database } from '../platform/database/database.js';
import { storableText } from '../platform/database/storable.js';
import { MESSAGE_COLUMNS, type MessageEntity } from './message.entity.js';
import type { Thread } from './message.repository.js';

/** What was said on a branch up to a message of it. */
export interface Summary {
  readonly text: string;
  /** The last message that it tells. */
  readonly upTo: string;
}

type SummaryRow = Pick<Summary, keyof Summary>;

/** A summary to store. */
export interface NewSummary {
  readonly text: string;
  readonly tokens: number;
  /** What was folded into it, oldest first. */
  readonly messageIds: readonly string[];
  /** The last message of the summary that it goes on from. */
  readonly base?: string;
  /** The run that made it, and the number of its claim. */
  readonly claim?: { readonly runId: string; readonly fence: number };
}

/** Summaries that are kept of a conversation: those written last. */
const MOST_KEPT = 20;

/** The table of summaries. One holds for the branches that its last message is on, and for no other. */
@Injectable()
export class SummaryRepository {
  constructor(private readonly database: Database) {}

  /** The nearest summary before the message `leaf` on its branch. */
  nearest({ workspaceId, conversationId }: Thread, leaf: string): Promise<Summary | undefined> {
    return this.database.one<SummaryRow>(NEAREST, [workspaceId, conversationId, leaf]);
  }

  /**
   * Of the branch that ends at `leaf`, the oldest `limit` messages after the nearest summary and before the last `keep`,
   * oldest first, each with how many such messages there are.
   */
  untold(
    { workspaceId, conversationId }: Thread,
    leaf: string,
    keep: number,
    limit: number,
  ): Promise<(MessageEntity & { readonly total: number })[]> {
    return this.database.query(UNTOLD, [workspaceId, conversationId, leaf, keep, limit]);
  }

  /**
   * Stores a summary as that of the active branch. The caller holds the conversation. Nothing is written when the claim
   * is lost, or when a message that it tells was deleted meanwhile.
   */
  async put(
    { workspaceId, conversationId }: Thread,
    { text, tokens, messageIds, base, claim }: NewSummary,
  ): Promise<{ readonly isKept: boolean; readonly isHeld: boolean }> {
    const values = [workspaceId, conversationId, messageIds, base ?? null, storableText(text), tokens];
    const row = await this.database.one<{ isKept: boolean; isHeld: boolean }>(PUT, [
      ...values,
      claim?.runId ?? null,
      claim?.fence ?? null,
    ]);
    if (row?.isKept) await this.database.query(FORGET_OLD, [workspaceId, conversationId, MOST_KEPT]);
    return { isKept: row?.isKept === true, isHeld: row?.isHeld === true };
  }

  /** All that are kept of a conversation, at most {@link MOST_KEPT} and one. */
  of({ workspaceId, conversationId }: Thread): Promise<Summary[]> {
    return this.database.query<SummaryRow>(OF, [workspaceId, conversationId]);
  }

  /** Copies the summaries of copied messages, which have their place in the order as sequence. */
  async copy(
    { workspaceId, conversationId }: Thread,
    originals: readonly string[],
    into: { readonly conversationId: string; readonly ids: readonly string[] },
  ): Promise<void> {
    await this.database.query(COPY, [workspaceId, conversationId, originals, into.conversationId, into.ids]);
  }
}

/**
 * From the leaf down to the message that the nearest summary before it ends with. A lateral join, as each step is one look
 * by id, whatever the planner thinks of the table.
 */
const CLIMB = `
  WITH RECURSIVE branch AS (
    SELECT id, parent_id, sequence, deleted_at, false AS told
    FROM message WHERE workspace_id = $1 AND conversation_id = $2 AND id = $3
    UNION ALL
    SELECT p.id, p.parent_id, p.sequence, p.deleted_at,
      EXISTS (SELECT FROM conversation_summary s WHERE s.workspace_id = $1 AND s.conversation_id = $2 AND s.message_id = p.id)
    FROM branch CROSS JOIN LATERAL (
      SELECT id, parent_id, sequence, deleted_at FROM message WHERE id = branch.parent_id AND conversation_id = $2 LIMIT 1) p
    WHERE NOT branch.told
  )`;

const NEAREST = `${CLIMB}
  SELECT s.content AS text, s.message_id AS "upTo"
  FROM branch JOIN conversation_summary s ON s.workspace_id = $1 AND s.conversation_id = $2 AND s.message_id = branch.id
  WHERE branch.told`;

const UNTOLD = `${CLIMB}, tail AS (
    SELECT id, row_number() OVER (ORDER BY sequence DESC) AS place
    FROM branch WHERE NOT told AND deleted_at IS NULL AND id <> $3
  ), old AS (
    SELECT id, place, count(*) OVER ()::integer AS total FROM tail WHERE place > $4 ORDER BY place DESC LIMIT $5
  )
  SELECT ${MESSAGE_COLUMNS}, old.total FROM old JOIN message m ON m.id = old.id ORDER BY m.sequence`;

/** A key-share lock on the run keeps a claim from passing between the check and the write. */
const PUT = `
  WITH claimed AS MATERIALIZED (
    SELECT id FROM run WHERE workspace_id = $1 AND id = $7::uuid AND fence = $8::bigint AND status = 'running' FOR KEY SHARE
  ), folded AS (
    SELECT id, sequence FROM message
    WHERE workspace_id = $1 AND conversation_id = $2 AND id = ANY($3::uuid[]) AND deleted_at IS NULL
  ), kept AS (
    INSERT INTO conversation_summary (workspace_id, conversation_id, message_id, sequence, content, tokens)
    SELECT $1::uuid, $2::uuid, id, sequence, $5::text, $6::integer FROM folded
    WHERE ($7::uuid IS NULL OR EXISTS (SELECT FROM claimed))
      AND (SELECT count(*) FROM folded) = cardinality($3::uuid[])
      AND ($4::uuid IS NULL OR EXISTS (
        SELECT FROM conversation_summary WHERE workspace_id = $1 AND conversation_id = $2 AND message_id = $4))
    ORDER BY sequence DESC LIMIT 1
    ON CONFLICT (conversation_id, message_id) DO UPDATE
    SET content = excluded.content, tokens = excluded.tokens, updated_at = clock_timestamp()
    RETURNING message_id
  ), shown AS (
    UPDATE conversation SET summarised_up_to = kept.message_id FROM kept WHERE workspace_id = $1 AND id = $2
  )
  SELECT EXISTS (SELECT FROM kept) AS "isKept", ($7::uuid IS NULL OR EXISTS (SELECT FROM claimed)) AS "isHeld"`;

const FORGET_OLD = `
  DELETE FROM conversation_summary
  WHERE workspace_id = $1 AND conversation_id = $2
    AND message_id IS DISTINCT FROM (SELECT summarised_up_to FROM conversation WHERE workspace_id = $1 AND id = $2)
    AND message_id NOT IN (
      SELECT message_id FROM conversation_summary WHERE workspace_id = $1 AND conversation_id = $2
      ORDER BY updated_at DESC, sequence DESC LIMIT $3)`;

const OF = `
  SELECT content AS text, message_id AS "upTo" FROM conversation_summary WHERE workspace_id = $1 AND conversation_id = $2
  ORDER BY sequence`;

const COPY = `
  INSERT INTO conversation_summary (workspace_id, conversation_id, message_id, sequence, content, tokens, updated_at)
  SELECT s.workspace_id, $4::uuid, copied.id, copied.sequence, s.content, s.tokens, s.updated_at
  FROM unnest($3::uuid[], $5::uuid[]) WITH ORDINALITY AS copied (original, id, sequence)
  JOIN conversation_summary s ON s.workspace_id = $1 AND s.conversation_id = $2 AND s.message_id = copied.original`;
