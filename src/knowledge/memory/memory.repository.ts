import { Injectable } from '@nestjs/common';
import { newId } from '../../platform/clock/id.js';
import { Database } from '../../platform/database/database.js';
import { storableText } from '../../platform/database/storable.js';

/** Whose memories. */
export interface MemoryOwner {
  readonly workspaceId: string;
  readonly userId: string;
}

export interface Memory {
  readonly id: string;
  /** By which a store holds it; null for one that is known by its id alone. */
  readonly key: string | null;
  readonly content: string;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** What users let the assistant remember of them: each sees their own only. */
@Injectable()
export class MemoryRepository {
  constructor(private readonly database: Database) {}

  /** One that says the same is taken instead of another. Undefined when the user has `most` already. */
  keep({ workspaceId, userId }: MemoryOwner, content: string, most: number): Promise<Memory | undefined> {
    return this.database.one<Memory>(KEEP, [newId(), workspaceId, userId, storableText(content), most]);
  }

  /** Those that share a word with the query, the most alike first; without one the newest first. */
  recall({ workspaceId, userId }: MemoryOwner, query: string | undefined, limit: number): Promise<readonly Memory[]> {
    const asked = query === undefined ? [] : [storableText(query)];
    return this.database.query<Memory>(query === undefined ? NEWEST : ALIKE, [workspaceId, userId, limit, ...asked]);
  }

  byKey({ workspaceId, userId }: MemoryOwner, key: string): Promise<Memory | undefined> {
    return this.database.one<Memory>(BY_KEY, [workspaceId, userId, key]);
  }

  /**
   * Puts the fact under the key, in place of what was there; a fact that is remembered already moves to the key. Undefined
   * when the user has `most` already. @throws a unique violation when another writes the same at the same time
   */
  put({ workspaceId, userId }: MemoryOwner, key: string, content: string, most: number): Promise<Memory | undefined> {
    const fact = storableText(content);
    return this.database.transaction(async () => {
      await this.database.query(MAKE_WAY, [workspaceId, userId, key, fact]);
      const changed = await this.database.one<Memory>(CHANGE_KEYED, [workspaceId, userId, key, fact]);
      return changed ?? this.database.one<Memory>(KEEP_KEYED, [newId(), workspaceId, userId, fact, most, key]);
    });
  }

  async forgetKey({ workspaceId, userId }: MemoryOwner, key: string): Promise<void> {
    await this.database.query(FORGET_KEY, [workspaceId, userId, key]);
  }

  find({ workspaceId, userId }: MemoryOwner, id: string): Promise<Memory | undefined> {
    return this.database.one<Memory>(FIND, [workspaceId, userId, id]);
  }

  list({ workspaceId, userId }: MemoryOwner, before: string | undefined, limit: number): Promise<readonly Memory[]> {
    return this.database.query<Memory>(LIST, [workspaceId, userId, before ?? null, limit]);
  }

  /** @throws the unique violation of memory_content when another says the same */
  change({ workspaceId, userId }: MemoryOwner, id: string, content: string): Promise<Memory | undefined> {
    return this.database.one<Memory>(CHANGE, [workspaceId, userId, id, storableText(content)]);
  }

  async forget({ workspaceId, userId }: MemoryOwner, id: string): Promise<boolean> {
    return (await this.database.one(FORGET, [workspaceId, userId, id])) !== undefined;
  }

  async forgetAll({ workspaceId, userId }: MemoryOwner): Promise<void> {
    await this.database.query(FORGET_ALL, [workspaceId, userId]);
  }
}

const COLUMNS = 'id, key, content, created_at AS "createdAt", updated_at AS "updatedAt"';
const OWN = 'FROM memory WHERE workspace_id = $1 AND user_id = $2';

const KEEP = `
  INSERT INTO memory (id, workspace_id, user_id, content)
  SELECT $1, $2, $3, $4::text
  WHERE (SELECT count(*) FROM memory WHERE workspace_id = $2 AND user_id = $3) < $5
    OR EXISTS (SELECT FROM memory WHERE workspace_id = $2 AND user_id = $3 AND md5(content) = md5($4))
  ON CONFLICT (workspace_id, user_id, md5(content)) DO UPDATE SET updated_at = clock_timestamp()
  RETURNING ${COLUMNS}`;

const KEEP_KEYED = `
  INSERT INTO memory (id, workspace_id, user_id, content, key)
  SELECT $1, $2, $3, $4::text, $6::text
  WHERE (SELECT count(*) FROM memory WHERE workspace_id = $2 AND user_id = $3) < $5
    OR EXISTS (SELECT FROM memory WHERE workspace_id = $2 AND user_id = $3 AND md5(content) = md5($4))
  ON CONFLICT (workspace_id, user_id, md5(content)) DO UPDATE SET updated_at = clock_timestamp(), key = excluded.key
  RETURNING ${COLUMNS}`;

const KEYED = 'coalesce(key, id::text) = $3::text';

const BY_KEY = `SELECT ${COLUMNS} ${OWN} AND ${KEYED}`;

/** What is under the key goes when another says what comes there. */
const MAKE_WAY = `
  DELETE ${OWN} AND ${KEYED} AND content <> $4::text
    AND EXISTS (SELECT FROM memory same WHERE same.workspace_id = $1 AND same.user_id = $2 AND md5(same.content) = md5($4::text))`;

const CHANGE_KEYED = `
  UPDATE memory SET content = $4::text, updated_at = clock_timestamp() WHERE workspace_id = $1 AND user_id = $2 AND ${KEYED}
  RETURNING ${COLUMNS}`;

const FORGET_KEY = `DELETE ${OWN} AND ${KEYED}`;

const NEWEST = `SELECT ${COLUMNS} ${OWN} ORDER BY updated_at DESC, id DESC LIMIT $3`;

/** Any word of the query will do. */
const ALIKE = `
  WITH asked AS (SELECT replace(plainto_tsquery('simple', $4)::text, '&', '|')::tsquery AS words)
  SELECT ${COLUMNS} FROM memory, asked
  WHERE workspace_id = $1 AND user_id = $2 AND to_tsvector('simple', content) @@ words
  ORDER BY ts_rank(to_tsvector('simple', content), words) DESC, updated_at DESC, id DESC LIMIT $3`;

const FIND = `SELECT ${COLUMNS} ${OWN} AND id = $3`;

const LIST = `SELECT ${COLUMNS} ${OWN} AND ($3::uuid IS NULL OR id < $3) ORDER BY id DESC LIMIT $4`;

const CHANGE = `
  UPDATE memory SET content = $4, updated_at = clock_timestamp() WHERE workspace_id = $1 AND user_id = $2 AND id = $3
  RETURNING ${COLUMNS}`;

const FORGET = `DELETE ${OWN} AND id = $3 RETURNING id`;

const FORGET_ALL = `DELETE ${OWN}`;
