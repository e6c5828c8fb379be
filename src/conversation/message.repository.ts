import { Injectable } from '@nestjs/common';
import { Database } from '../platform/database/database.js';
import { storableJson, storableText } from '../platform/database/storable.js';
import { isUniqueViolation } from '../platform/database/fault.js';
import { conflict } from '../platform/problem/http.errors.js';
import type { NewMessage } from './message.js';
import { MESSAGE_COLUMNS, MessageEntity } from './message.entity.js';

/** Which conversation, in whose workspace. */
export interface Thread {
  readonly workspaceId: string;
  readonly conversationId: string;
}

/** A message's place on its branch. */
export interface BranchMessage {
  readonly id: string;
  readonly createdAt: Date;
}

/** A message, and the summary of what was said up to it, if there is one. */
export type SummarisedRow = MessageEntity & { readonly summary: string | null };

/** Statements over the message tree. Deleted messages are never among the results, unless said. */
@Injectable()
export class MessageRepository {
  constructor(private readonly database: Database) {}

  /**
   * Undefined when the conversation is gone, has no message `parentId`, or the message `id` is there already.
   * @throws Problem conflict when the run already has its message of this role
   */
  async append(id: string, message: NewMessage): Promise<MessageEntity | undefined> {
    const values = [
      id,
      message.workspaceId,
      message.conversationId,
      message.parentId,
      message.parentId !== undefined,
      message.createdBy,
      message.role,
      storableText(message.content),
      message.runId,
      message.model,
      storableJson(message.usage),
      message.cost,
      message.finishReason,
      storableJson(message.citations),
      storableJson(message.toolCalls),
      message.durationMs,
    ];
    try {
      return await this.database.one<MessageEntity>(APPEND, values);
    } catch (error) {
      if (!isUniqueViolation(error, 'message_of_run')) throw error;
      throw conflict(`Run ${message.runId} already has its ${message.role} message.`, { cause: error });
    }
  }

  /** The last `limit` messages of the branch that ends at `upTo`, oldest first. Costs the same however long the branch is. */
  last({ workspaceId, conversationId }: Thread, upTo: string, limit: number): Promise<SummarisedRow[]> {
    return this.database.query<SummarisedRow>(LAST, [workspaceId, conversationId, upTo, limit]);
  }

  /** The first `limit` messages after the sequence `after` of the branch that ends at `leaf`, oldest first. */
  page(
    { workspaceId, conversationId }: Thread,
    leaf: string,
    after: string | number,
    limit: number,
  ): Promise<MessageEntity[]> {
    return this.database.query<MessageEntity>(PAGE, [workspaceId, conversationId, leaf, after, limit]);
  }

  /** The first `limit` messages of all branches with a sequence above `after`, up to `last`, in the order of writing. */
  between(
    { workspaceId, conversationId }: Thread,
    after: number,
    last: number,
    limit: number,
  ): Promise<MessageEntity[]> {
    return this.database.query<MessageEntity>(BETWEEN, [workspaceId, conversationId, after, last, limit]);
  }

  /** Those of the messages `ids` that are there, in the order of writing. */
  these({ workspaceId, conversationId }: Thread, ids: readonly string[]): Promise<MessageEntity[]> {
    return this.database.query<MessageEntity>(THESE, [workspaceId, conversationId, ids]);
  }

  /** The whole branch that ends at `leaf`, oldest first. */
  path({ workspaceId, conversationId }: Thread, leaf: string): Promise<BranchMessage[]> {
    return this.database.query<BranchMessage>(PATH, [workspaceId, conversationId, leaf, 0]);
  }

  /** Where the branch through `messageId` ends, by the newest child at every fork; undefined when there is no such message. */
  async newestLeaf({ workspaceId, conversationId }: Thread, messageId: string): Promise<string | undefined> {
    return (await this.database.one<{ id: string }>(NEWEST_LEAF, [workspaceId, conversationId, messageId]))?.id;
  }

  find({ workspaceId, conversationId }: Thread, id: string): Promise<MessageEntity | undefined> {
    return this.database.one<MessageEntity>(FIND, [workspaceId, conversationId, id]);
  }

  /** The message, after its parent when it has one; empty when there is no such message. */
  withParent({ workspaceId, conversationId }: Thread, id: string): Promise<MessageEntity[]> {
    return this.database.query<MessageEntity>(WITH_PARENT, [workspaceId, conversationId, id]);
  }

  ofRun(workspaceId: string, runId: string): Promise<MessageEntity[]> {
    return this.database.query<MessageEntity>(OF_RUN, [workspaceId, runId]);
  }

  async rate(thread: Thread, id: string, rating: number): Promise<boolean> {
    const { affected } = await this.database
      .repository(MessageEntity)
      .createQueryBuilder()
      .update()
      .set({ rating })
      .where('workspace_id = :workspaceId AND conversation_id = :conversationId', thread)
      .andWhere("id = :id AND role = 'assistant' AND deleted_at IS NULL", { id })
      .execute();
    return affected === 1;
  }

  /** Empties the message and takes it out of the tree and the conversation's figures; false when there is none. The caller holds the conversation. */
  async wipe({ workspaceId, conversationId }: Thread, id: string): Promise<boolean> {
    return (await this.database.one(WIPE, [workspaceId, conversationId, id])) !== undefined;
  }

  /** Copies a branch, in its order, as the only one of another conversation. */
  async copy(
    workspaceId: string,
    originals: readonly BranchMessage[],
    into: { readonly conversationId: string; readonly ids: readonly string[] },
  ): Promise<void> {
    const ids = originals.map(({ id }) => id);
    await this.database.query(COPY, [workspaceId, ids, into.conversationId, into.ids]);
  }
}

/**
 * On another branch than the active one another summary holds: the nearest above, if any. Climbs no further than the oldest
 * summary. A lateral join, as each step is one look by id, whatever the planner thinks of the table.
 */
const NEAREST_SUMMARY = `
  WITH RECURSIVE oldest AS (SELECT min(sequence) AS sequence FROM conversation_summary WHERE conversation_id = $3), above AS (
    SELECT p.id, p.parent_id FROM asked p WHERE p.deleted_at IS NULL
    UNION ALL
    SELECT p.id, p.parent_id
    FROM above CROSS JOIN LATERAL (
      SELECT id, parent_id FROM message
      WHERE id = above.parent_id AND conversation_id = $3 AND sequence >= (SELECT sequence FROM oldest) LIMIT 1) p
    WHERE NOT EXISTS (SELECT FROM conversation_summary s WHERE s.conversation_id = $3 AND s.message_id = above.id)
  )
  SELECT s.message_id FROM above JOIN conversation_summary s ON s.conversation_id = $3 AND s.message_id = above.id`;

/**
 * One statement: the lock on the conversation orders concurrent appends, so that sequences have no gap and each message
 * follows the one before. `asked` climbs from a deleted parent to its nearest living ancestor.
 */
const APPEND = `
  WITH RECURSIVE asked AS (
    SELECT id, parent_id, deleted_at FROM message WHERE id = $4::uuid AND workspace_id = $2 AND conversation_id = $3
    UNION ALL
    SELECT p.id, p.parent_id, p.deleted_at FROM asked JOIN message p ON p.id = asked.parent_id
    WHERE asked.deleted_at IS NOT NULL
  ), held AS (
    SELECT id, active_message_id FROM conversation
    WHERE workspace_id = $2 AND id = $3 AND deleted_at IS NULL AND ($4::uuid IS NULL OR EXISTS (SELECT FROM asked))
      AND NOT EXISTS (SELECT FROM message WHERE id = $1)
    FOR NO KEY UPDATE
  ), counted AS (
    UPDATE conversation c SET
      last_sequence = c.last_sequence + 1, message_count = c.message_count + 1, active_message_id = $1,
      summarised_up_to = CASE
        WHEN $5::boolean AND held.active_message_id IS DISTINCT FROM (SELECT id FROM asked WHERE deleted_at IS NULL)
        THEN (${NEAREST_SUMMARY}) ELSE c.summarised_up_to END,
      last_message_at = clock_timestamp(), updated_at = clock_timestamp()
    FROM held WHERE c.id = held.id
    RETURNING c.last_sequence, c.last_message_at, held.active_message_id
  )
  INSERT INTO message AS m (
    id, workspace_id, conversation_id, parent_id, created_by, role, content, sequence, run_id, model, usage, cost,
    finish_reason, citations, tool_calls, duration_ms, created_at)
  SELECT
    $1::uuid, $2::uuid, $3::uuid,
    CASE WHEN $5::boolean THEN (SELECT id FROM asked WHERE deleted_at IS NULL) ELSE active_message_id END,
    $6::uuid, $7::text, $8::text, last_sequence, $9::uuid, $10::text, $11::jsonb, $12::double precision,
    $13::text, $14::jsonb, $15::jsonb, $16::integer, last_message_at
  FROM counted
  RETURNING ${MESSAGE_COLUMNS}`;

/** Climbs from the leaf and stops as soon as it has seen enough living messages. */
const LAST = `
  WITH RECURSIVE m AS (
    SELECT message.*, (deleted_at IS NULL)::integer AS living
    FROM message WHERE workspace_id = $1 AND conversation_id = $2 AND id = $3
    UNION ALL
    SELECT p.*, m.living + (p.deleted_at IS NULL)::integer
    FROM m JOIN message p ON p.id = m.parent_id AND p.conversation_id = $2
    WHERE m.living < $4
  )
  SELECT ${MESSAGE_COLUMNS}, s.content AS summary
  FROM m LEFT JOIN conversation_summary s ON s.workspace_id = $1 AND s.conversation_id = $2 AND s.message_id = m.id
  WHERE m.deleted_at IS NULL ORDER BY m.sequence`;

/** From the leaf down to the sequence $4, which it leaves out; narrow rows, as it may be long. */
const BRANCH = `
  WITH RECURSIVE branch AS (
    SELECT id, parent_id, sequence, created_at, deleted_at
    FROM message WHERE workspace_id = $1 AND conversation_id = $2 AND id = $3 AND sequence > $4::bigint
    UNION ALL
    SELECT p.id, p.parent_id, p.sequence, p.created_at, p.deleted_at
    FROM branch JOIN message p ON p.id = branch.parent_id AND p.conversation_id = $2 AND p.sequence > $4::bigint
  )`;

const PATH = `${BRANCH} SELECT id, created_at AS "createdAt" FROM branch WHERE deleted_at IS NULL ORDER BY sequence`;

const PAGE = `${BRANCH}
  SELECT ${MESSAGE_COLUMNS}
  FROM (SELECT id FROM branch WHERE deleted_at IS NULL ORDER BY sequence LIMIT $5) shown JOIN message m ON m.id = shown.id
  ORDER BY m.sequence`;

const BETWEEN = `
  SELECT ${MESSAGE_COLUMNS} FROM message m
  WHERE m.workspace_id = $1 AND m.conversation_id = $2 AND m.deleted_at IS NULL AND m.sequence > $3 AND m.sequence <= $4
  ORDER BY m.sequence LIMIT $5`;

const THESE = `
  SELECT ${MESSAGE_COLUMNS} FROM message m
  WHERE m.workspace_id = $1 AND m.conversation_id = $2 AND m.deleted_at IS NULL AND m.id = ANY($3::uuid[])
  ORDER BY m.sequence`;

const NEWEST_LEAF = `
  WITH RECURSIVE branch AS (
    SELECT id, sequence FROM message
    WHERE workspace_id = $1 AND conversation_id = $2 AND id = $3 AND deleted_at IS NULL
    UNION ALL
    SELECT child.id, child.sequence
    FROM branch CROSS JOIN LATERAL (
      SELECT id, sequence FROM message
      WHERE parent_id = branch.id AND conversation_id = $2 AND deleted_at IS NULL
      ORDER BY sequence DESC LIMIT 1) child
  )
  SELECT id FROM branch ORDER BY sequence DESC LIMIT 1`;

const IN_LIVING_CONVERSATION = `
  FROM message m JOIN conversation c ON c.id = m.conversation_id AND c.deleted_at IS NULL
  WHERE m.workspace_id = $1 AND m.deleted_at IS NULL`;

const FIND = `SELECT ${MESSAGE_COLUMNS} ${IN_LIVING_CONVERSATION} AND m.conversation_id = $2 AND m.id = $3`;

const WITH_PARENT = `
  SELECT ${MESSAGE_COLUMNS} ${IN_LIVING_CONVERSATION} AND m.conversation_id = $2 AND m.id IN (
    SELECT unnest(ARRAY[id, parent_id]) FROM message WHERE conversation_id = $2 AND id = $3 AND deleted_at IS NULL)
  ORDER BY m.sequence`;

const OF_RUN = `
  SELECT ${MESSAGE_COLUMNS} ${IN_LIVING_CONVERSATION} AND m.run_id = $2 AND m.role IN ('user', 'assistant')`;

/**
 * The children move up to the parent, so that no living message hangs on a deleted one. Every summary that may tell what
 * the message said goes too; it is made anew from what is left.
 */
const WIPE = `
  WITH wiped AS (
    UPDATE message SET deleted_at = clock_timestamp(), content = '', citations = NULL, tool_calls = NULL, rating = NULL
    WHERE workspace_id = $1 AND conversation_id = $2 AND id = $3 AND deleted_at IS NULL
    RETURNING id, parent_id, sequence
  ), moved AS (
    UPDATE message m SET parent_id = wiped.parent_id FROM wiped WHERE m.parent_id = wiped.id AND m.conversation_id = $2
  ), told AS (
    DELETE FROM conversation_summary s USING wiped
    WHERE s.workspace_id = $1 AND s.conversation_id = $2 AND s.sequence >= wiped.sequence
    RETURNING s.message_id
  )
  UPDATE conversation c SET
    message_count = c.message_count - 1,
    active_message_id = CASE WHEN c.active_message_id = wiped.id THEN wiped.parent_id ELSE c.active_message_id END,
    last_message_at = (
      SELECT m.created_at FROM message m WHERE m.conversation_id = $2 AND m.deleted_at IS NULL AND m.id <> wiped.id
      ORDER BY m.sequence DESC LIMIT 1),
    summarised_up_to = CASE WHEN c.summarised_up_to IN (SELECT message_id FROM told) THEN NULL ELSE c.summarised_up_to END,
    updated_at = clock_timestamp()
  FROM wiped WHERE c.id = $2
  RETURNING c.id`;

const COPY = `
  INSERT INTO message (
    id, workspace_id, conversation_id, parent_id, created_by, role, content, sequence, model, usage, cost,
    finish_reason, citations, tool_calls, rating, duration_ms, created_at)
  SELECT
    copied.id, m.workspace_id, $3::uuid, lag(copied.id) OVER (ORDER BY copied.sequence), m.created_by, m.role, m.content,
    copied.sequence, m.model, m.usage, m.cost, m.finish_reason, m.citations, m.tool_calls, m.rating, m.duration_ms, m.created_at
  FROM unnest($2::uuid[], $4::uuid[]) WITH ORDINALITY AS copied (original, id, sequence)
  JOIN message m ON m.id = copied.original AND m.workspace_id = $1`;
