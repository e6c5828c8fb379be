import { Injectable } from '@nestjs/common';
import { Database } from '../platform/database/database.js';
import { storableText } from '../platform/database/storable.js';

export interface MessageSearch {
  readonly workspaceId: string;
  /** Only conversations that this user began. */
  readonly userId: string;
  /** Words, any of which will do. */
  readonly query: string;
  /** A conversation that is left out. */
  readonly except?: string;
  readonly limit: number;
}

export interface FoundMessage {
  readonly id: string;
  readonly conversationId: string;
  /** Of the conversation. */
  readonly title: string;
  /** Its beginning. */
  readonly content: string;
  /** 0 to 1. */
  readonly score: number;
}

/** What was said in the conversations of a user. */
@Injectable()
export class MessageSearchRepository {
  constructor(private readonly database: Database) {}

  /** The most alike first. Of very many, the newest are compared. */
  find({ workspaceId, userId, query, except, limit }: MessageSearch): Promise<readonly FoundMessage[]> {
    const values = [workspaceId, userId, storableText(query), except ?? null, limit];
    return this.database.query<FoundMessage>(SEARCH, values);
  }
}

/** The workspace's lexeme lets the index narrow the search. */
const SEARCH = `
  WITH asked AS (SELECT replace(plainto_tsquery('simple', $3)::text, '&', '|')::tsquery AS words),
  found AS (
    SELECT m.id, m.conversation_id, c.title, m.content, m.search
    FROM asked, message m JOIN conversation c ON c.id = m.conversation_id
    WHERE m.workspace_id = $1::uuid AND c.workspace_id = $1::uuid AND c.created_by = $2::uuid
      AND c.deleted_at IS NULL AND m.deleted_at IS NULL AND m.role IN ('user', 'assistant')
      AND c.id IS DISTINCT FROM $4::uuid AND numnode(asked.words) > 0
      AND m.search @@ (('''workspace:' || $1::uuid::text || '''')::tsquery && asked.words)
    ORDER BY m.id DESC LIMIT 5000
  )
  SELECT found.id, conversation_id AS "conversationId", title, left(content, 4000) AS content,
    ts_rank(search, words, 32) AS score
  FROM found, asked ORDER BY score DESC, found.id DESC LIMIT $5`;
