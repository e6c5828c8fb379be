import { Injectable } from '@nestjs/common';
import { newId } from '../../platform/clock/id.js';
import { Database } from '../../platform/database/database.js';
import type { Collection } from './collection.js';

type CollectionRow = Omit<Collection, 'createdAt'> & { readonly createdAt: Date };

@Injectable()
export class CollectionRepository {
  constructor(private readonly database: Database) {}

  /** Undefined when the name is taken. */
  async insert(
    workspaceId: string,
    { name, language, embeddingModel }: Pick<Collection, 'name' | 'language' | 'embeddingModel'>,
  ): Promise<Collection | undefined> {
    const row = await this.database.one<CollectionRow>(INSERT, [newId(), workspaceId, name, language, embeddingModel]);
    return row && toCollection(row);
  }

  async byName(workspaceId: string, name: string): Promise<Collection | undefined> {
    const row = await this.database.one<CollectionRow>(BY_NAME, [workspaceId, name]);
    return row && toCollection(row);
  }

  /** Newest first; those older than `before`. */
  async list(workspaceId: string, before: string | undefined, limit: number): Promise<readonly Collection[]> {
    return (await this.database.query<CollectionRow>(LIST, [workspaceId, before ?? null, limit])).map(toCollection);
  }

  /** With all its documents. False when there is none. */
  async remove(workspaceId: string, id: string): Promise<boolean> {
    return (await this.database.one(REMOVE, [workspaceId, id])) !== undefined;
  }

  async missing(workspaceId: string, names: readonly string[]): Promise<readonly string[]> {
    return (await this.database.query<{ name: string }>(MISSING, [workspaceId, names])).map(({ name }) => name);
  }
}

const toCollection = ({ createdAt, ...row }: CollectionRow): Collection => ({
  ...row,
  createdAt: createdAt.toISOString(),
});

const COLUMNS = `
  c.id, c.name, c.language, c.embedding_model AS "embeddingModel", c.created_at AS "createdAt",
  (SELECT count(*)::int FROM document d WHERE d.collection_id = c.id) AS "documentCount"`;

const INSERT = `
  WITH c AS (
    INSERT INTO collection (id, workspace_id, name, language, embedding_model) VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT (workspace_id, name) DO NOTHING
    RETURNING *
  )
  SELECT ${COLUMNS} FROM c`;

const BY_NAME = `SELECT ${COLUMNS} FROM collection c WHERE c.workspace_id = $1 AND c.name = $2`;

const LIST = `
  SELECT ${COLUMNS} FROM collection c
  WHERE c.workspace_id = $1 AND ($2::uuid IS NULL OR c.id < $2::uuid)
  ORDER BY c.id DESC LIMIT $3`;

const REMOVE = 'DELETE FROM collection WHERE workspace_id = $1 AND id = $2 RETURNING id';

const MISSING = `
  SELECT asked.name FROM unnest($2::text[]) WITH ORDINALITY AS asked (name, place)
  WHERE NOT EXISTS (SELECT FROM collection c WHERE c.workspace_id = $1 AND c.name = asked.name)
  ORDER BY asked.place`;
