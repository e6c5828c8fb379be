import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import { isUniqueViolation } from '../../platform/database/fault.js';
import type { ExpectedVersions } from '../../platform/http/etag.js';
import type { Definition } from '../definition/definition.js';
import { nameTaken } from './library.errors.js';
import type { RevisedWorkflow, WorkflowChanges, WorkflowFilter, WorkflowSummary } from './workflow.js';

/** Which workflow, in whose workspace. */
export interface WorkflowKey {
  readonly workspaceId: string;
  readonly id: string;
}

/** A definition and its content hash. */
export interface HashedDefinition {
  readonly definition: Definition;
  readonly hash: string;
}

export interface WorkflowRow extends WorkflowKey, HashedDefinition {
  readonly createdBy: string;
  readonly name: string;
  readonly description: string | undefined;
  readonly tags: readonly string[];
}

/** Statements over stored workflows; deleted ones are never among the results. */
@Injectable()
export class WorkflowRepository {
  constructor(private readonly database: Database) {}

  /** Undefined when another workflow of the workspace has the name. */
  async insert(row: WorkflowRow): Promise<RevisedWorkflow | undefined> {
    const { id, workspaceId, createdBy, name, description, tags, definition, hash } = row;
    const values = [id, workspaceId, createdBy, name, description, tags, JSON.stringify(definition), hash];
    return revised(await this.database.one<FullRow>(INSERT, values));
  }

  async find({ workspaceId, id }: WorkflowKey): Promise<RevisedWorkflow | undefined> {
    return revised(await this.database.one<FullRow>(FIND, [workspaceId, id]));
  }

  /** The newest first; `before` is the id the page before ended with. */
  async list(
    workspaceId: string,
    { query, tag }: WorkflowFilter,
    before: string | undefined,
    limit: number,
  ): Promise<readonly WorkflowSummary[]> {
    const values = [workspaceId, before ?? null, query ?? null, tag ?? null, limit];
    return (await this.database.query<SummaryRow>(LIST, values)).map(toSummary);
  }

  /** Undefined when it is gone or at another revision. @throws Problem conflict when the new name is another's */
  async update(
    { workspaceId, id }: WorkflowKey,
    { name, description, tags }: WorkflowChanges,
    expected: ExpectedVersions,
  ): Promise<RevisedWorkflow | undefined> {
    const newTags = tags === undefined ? null : (tags ?? []);
    const values = [workspaceId, id, expected, name, description !== undefined, description, newTags];
    try {
      return revised(await this.database.one<FullRow>(UPDATE, values));
    } catch (error) {
      if (name === undefined || !isUniqueViolation(error, 'workflow_name')) throw error;
      throw nameTaken(name, error);
    }
  }

  /** Undefined when it is gone or at another revision. */
  async saveDraft(
    { workspaceId, id }: WorkflowKey,
    { definition, hash }: HashedDefinition,
    expected: ExpectedVersions,
  ): Promise<RevisedWorkflow | undefined> {
    const values = [workspaceId, id, expected, JSON.stringify(definition), hash];
    return revised(await this.database.one<FullRow>(SAVE_DRAFT, values));
  }

  /** Lets the name run another version. Undefined when workflow or version is gone or it is at another revision. */
  async point(
    { workspaceId, id }: WorkflowKey,
    version: number,
    expected: ExpectedVersions,
  ): Promise<RevisedWorkflow | undefined> {
    return revised(await this.database.one<FullRow>(POINT, [workspaceId, id, expected, version]));
  }

  /** Deletes softly, which frees the name; false when it is gone or at another revision. */
  async hide({ workspaceId, id }: WorkflowKey, expected: ExpectedVersions): Promise<boolean> {
    return (await this.database.one(HIDE, [workspaceId, id, expected])) !== undefined;
  }
}

interface SummaryRow {
  readonly id: string;
  readonly name: string;
  readonly description: string | null;
  readonly tags: string[];
  readonly published_version: number | null;
  readonly latest_version: number;
  readonly created_at: Date;
  readonly updated_at: Date;
}

interface FullRow extends SummaryRow {
  readonly draft: Definition;
  readonly revision: number;
}

const toSummary = (row: SummaryRow): WorkflowSummary => ({
  id: row.id,
  name: row.name,
  description: row.description ?? undefined,
  tags: row.tags,
  publishedVersion: row.published_version,
  latestVersion: row.latest_version === 0 ? null : row.latest_version,
  createdAt: row.created_at.toISOString(),
  updatedAt: row.updated_at.toISOString(),
});

const revised = (row: FullRow | undefined): RevisedWorkflow | undefined =>
  row && { workflow: { ...toSummary(row), definition: row.draft }, revision: row.revision };

const SUMMARY = 'id, name, description, tags, published_version, latest_version, created_at, updated_at';
const FULL = `${SUMMARY}, draft, revision`;

const INSERT = `
  INSERT INTO workflow (id, workspace_id, created_by, name, description, tags, draft, draft_hash)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
  ON CONFLICT (workspace_id, name) WHERE deleted_at IS NULL DO NOTHING
  RETURNING ${FULL}`;

const FIND = `SELECT ${FULL} FROM workflow WHERE workspace_id = $1 AND id = $2 AND deleted_at IS NULL`;

const LIST = `
  SELECT ${SUMMARY} FROM workflow
  WHERE workspace_id = $1 AND deleted_at IS NULL AND ($2::uuid IS NULL OR id < $2)
    AND ($3::text IS NULL OR strpos(lower(name), lower($3)) > 0 OR strpos(lower(description), lower($3)) > 0)
    AND ($4::text IS NULL OR $4 = ANY (tags))
  ORDER BY id DESC LIMIT $5`;

const UNCHANGED = `workspace_id = $1 AND id = $2 AND deleted_at IS NULL AND ($3::integer[] IS NULL OR revision = ANY ($3))`;
const REVISED = `revision = revision + 1, updated_at = clock_timestamp()`;

const UPDATE = `
  UPDATE workflow SET name = coalesce($4::text, name), tags = coalesce($7::text[], tags), ${REVISED},
    description = CASE WHEN $5::boolean THEN $6::text ELSE description END
  WHERE ${UNCHANGED} RETURNING ${FULL}`;

const SAVE_DRAFT = `
  UPDATE workflow SET draft = $4, draft_hash = $5, ${REVISED} WHERE ${UNCHANGED} RETURNING ${FULL}`;

const POINT = `
  UPDATE workflow SET published_version = $4, ${REVISED}
  WHERE ${UNCHANGED} AND EXISTS (SELECT FROM workflow_version v WHERE v.workflow_id = workflow.id AND v.version = $4)
  RETURNING ${FULL}`;

const HIDE = `UPDATE workflow SET deleted_at = clock_timestamp() WHERE ${UNCHANGED} RETURNING id`;
