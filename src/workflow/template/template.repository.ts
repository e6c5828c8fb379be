import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import { storableJson } from '../../platform/database/storable.js';
import type { ExpectedVersions } from '../../platform/http/etag.js';
import { MAX_CHAIN, type TemplateContent } from './custom-template.js';

/** One version of a custom template. */
export interface TemplateRow {
  readonly id: string;
  readonly name: string;
  readonly version: number;
  readonly latestVersion: number;
  readonly content: TemplateContent;
  readonly createdBy: string;
  readonly createdAt: Date;
  /** When this version was made. */
  readonly updatedAt: Date;
}

/** Which template, in whose workspace; without a version its newest. */
export interface TemplateKey {
  readonly workspaceId: string;
  readonly name: string;
  readonly version?: number;
}

export interface NewTemplateVersion {
  readonly workspaceId: string;
  readonly name: string;
  readonly userId: string;
  readonly content: TemplateContent;
}

/** The custom templates of workspaces. */
@Injectable()
export class TemplateRepository {
  constructor(private readonly database: Database) {}

  /** Lets nobody else change the workspace's templates until the ambient transaction ends: they depend on each other. */
  async hold(workspaceId: string): Promise<void> {
    await this.database.query(HOLD, [workspaceId]);
  }

  /** The template, then the newest version of each custom one it extends; empty when it, or that version, is not there. */
  chain({ workspaceId, name, version }: TemplateKey): Promise<readonly TemplateRow[]> {
    return this.database.query<TemplateRow>(CHAIN, [workspaceId, name, version, MAX_CHAIN + 1]);
  }

  /** Newest versions by name, after the name of a cursor. */
  list(workspaceId: string, after: string | null, limit: number): Promise<readonly TemplateRow[]> {
    return this.database.query<TemplateRow>(LIST, [workspaceId, after, limit]);
  }

  async count(workspaceId: string): Promise<number> {
    return (await this.database.one<{ readonly count: number }>(COUNT, [workspaceId]))?.count ?? 0;
  }

  /** Names of the templates whose newest version extends `name`, directly or by others. */
  async heirs(workspaceId: string, name: string): Promise<readonly string[]> {
    return (await this.database.query<{ readonly name: string }>(HEIRS, [workspaceId, name])).map((row) => row.name);
  }

  /** @throws the unique violation of template_name when the name is taken */
  async insert(id: string, { workspaceId, name, userId, content }: NewTemplateVersion): Promise<void> {
    await this.database.query(INSERT, [id, workspaceId, name, content.extends, userId, storableJson(content)]);
  }

  /** False when there is no such template, or it is at another version. */
  async addVersion(
    { workspaceId, name, userId, content }: NewTemplateVersion,
    expected: ExpectedVersions,
  ): Promise<boolean> {
    const values = [workspaceId, name, expected, content.extends, userId, storableJson(content)];
    return (await this.database.one(ADD_VERSION, values)) !== undefined;
  }

  /** False when there is no such template, or it is at another version. */
  async remove(workspaceId: string, name: string, expected: ExpectedVersions): Promise<boolean> {
    return (await this.database.one(REMOVE, [workspaceId, name, expected])) !== undefined;
  }
}

const HOLD = `SELECT pg_advisory_xact_lock(hashtextextended('template ' || $1, 0))`;

const COLUMNS = `
  t.id, t.name, v.version, t.version AS "latestVersion", v.content, t.created_by AS "createdBy",
  t.created_at AS "createdAt", v.created_at AS "updatedAt"`;

const CHAIN = `
  WITH RECURSIVE chain AS (
    SELECT t.id, v.version, v.content ->> 'extends' AS extends, 1 AS depth
    FROM template t JOIN template_version v ON v.template_id = t.id AND v.version = coalesce($3::integer, t.version)
    WHERE t.workspace_id = $1 AND t.name = $2
    UNION ALL
    SELECT t.id, t.version, t.extends, chain.depth + 1
    FROM chain JOIN template t ON t.workspace_id = $1 AND t.name = chain.extends
    WHERE chain.depth < $4
  )
  SELECT ${COLUMNS}
  FROM chain JOIN template t USING (id) JOIN template_version v ON v.template_id = t.id AND v.version = chain.version
  ORDER BY chain.depth`;

const LIST = `
  SELECT ${COLUMNS}
  FROM template t JOIN template_version v ON v.template_id = t.id AND v.version = t.version
  WHERE t.workspace_id = $1 AND ($2::text IS NULL OR t.name > $2)
  ORDER BY t.name LIMIT $3`;

const COUNT = 'SELECT count(*)::integer AS count FROM template WHERE workspace_id = $1';

const HEIRS = `
  WITH RECURSIVE heir AS (
    SELECT name FROM template WHERE workspace_id = $1 AND extends = $2
    UNION
    SELECT t.name FROM heir JOIN template t ON t.workspace_id = $1 AND t.extends = heir.name
  )
  SELECT name FROM heir ORDER BY name`;

const INSERT = `
  WITH made AS (
    INSERT INTO template (id, workspace_id, name, extends, created_by) VALUES ($1, $2, $3, $4, $5) RETURNING id
  )
  INSERT INTO template_version (template_id, version, content, created_by) SELECT id, 1, $6::json, $5 FROM made`;

const ADD_VERSION = `
  WITH changed AS (
    UPDATE template SET version = version + 1, extends = $4, updated_at = clock_timestamp()
    WHERE workspace_id = $1 AND name = $2 AND ($3::integer[] IS NULL OR version = ANY($3))
    RETURNING id, version
  )
  INSERT INTO template_version (template_id, version, content, created_by)
  SELECT id, version, $6::json, $5 FROM changed RETURNING version`;

const REMOVE = `
  DELETE FROM template WHERE workspace_id = $1 AND name = $2 AND ($3::integer[] IS NULL OR version = ANY($3))
  RETURNING id`;
