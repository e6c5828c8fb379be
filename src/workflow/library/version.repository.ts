import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import type { ExpectedVersions } from '../../platform/http/etag.js';
import type { Definition } from '../definition/definition.js';
import type { Version, VersionReference, VersionSummary } from './workflow.js';
import type { WorkflowKey } from './workflow.repository.js';

export interface Publication extends WorkflowKey {
  /** Of the draft that was checked: no other is published. */
  readonly hash: string;
  readonly note: string | undefined;
  readonly publishedBy: string;
}

/** A workflow with the definition that was asked for, if there is that. */
export interface FoundWorkflow {
  readonly id: string;
  readonly name: string;
  readonly latestVersion: number;
  readonly version: number | null;
  readonly definition: Definition | null;
}

/** Statements over the versions of workflows that are not deleted. Nothing here changes a version. */
@Injectable()
export class VersionRepository {
  constructor(private readonly database: Database) {}

  /**
   * Makes the draft the next version, and that the published one. The update of the workflow's row lets one publication
   * happen at a time, so that numbers are distinct and have no gaps.
   * Undefined when the workflow is gone, has another draft or is at another revision.
   */
  async publish(publication: Publication, expected: ExpectedVersions): Promise<Version | undefined> {
    const { workspaceId, id, hash, note, publishedBy } = publication;
    const row = await this.database.one<FullRow>(PUBLISH, [workspaceId, id, expected, hash, note, publishedBy]);
    return row && toVersion(row);
  }

  async find({ workspaceId, id }: WorkflowKey, version: number): Promise<Version | undefined> {
    const row = await this.database.one<FullRow>(FIND, [workspaceId, id, version]);
    return row && toVersion(row);
  }

  /** The newest first; `before` is the version the page before ended with. */
  async list(
    { workspaceId, id }: WorkflowKey,
    before: string | undefined,
    limit: number,
  ): Promise<readonly VersionSummary[]> {
    const rows = await this.database.query<SummaryRow>(LIST, [workspaceId, id, before ?? null, limit]);
    return rows.map(toSummary);
  }

  /** By id or name; without `version` the published one. */
  byId({ workspaceId, id }: WorkflowKey, version: VersionReference | undefined): Promise<FoundWorkflow | undefined> {
    const [text, values] = version === 'draft' ? [DRAFT_BY_ID, []] : [VERSION_BY_ID, [version ?? null]];
    return this.database.one<FoundWorkflow>(text, [workspaceId, id, ...values]);
  }

  byName(workspaceId: string, name: string, version: VersionReference | undefined): Promise<FoundWorkflow | undefined> {
    const [text, values] = version === 'draft' ? [DRAFT_BY_NAME, []] : [VERSION_BY_NAME, [version ?? null]];
    return this.database.one<FoundWorkflow>(text, [workspaceId, name, ...values]);
  }
}

interface SummaryRow {
  readonly workflow_id: string;
  readonly version: number;
  readonly hash: string;
  readonly note: string | null;
  readonly created_by: string;
  readonly created_at: Date;
}

interface FullRow extends SummaryRow {
  readonly definition: Definition;
}

const toSummary = (row: SummaryRow): VersionSummary => ({
  workflowId: row.workflow_id,
  version: row.version,
  hash: row.hash,
  note: row.note ?? undefined,
  createdBy: row.created_by,
  createdAt: row.created_at.toISOString(),
});

const toVersion = (row: FullRow): Version => ({ ...toSummary(row), definition: row.definition });

const SUMMARY = 'v.workflow_id, v.version, v.hash, v.note, v.created_by, v.created_at';
const FULL = `${SUMMARY}, v.definition`;

const PUBLISH = `
  WITH published AS (
    UPDATE workflow SET latest_version = latest_version + 1, published_version = latest_version + 1,
      revision = revision + 1, updated_at = clock_timestamp()
    WHERE workspace_id = $1 AND id = $2 AND deleted_at IS NULL AND ($3::integer[] IS NULL OR revision = ANY ($3))
      AND draft_hash = $4
    RETURNING id, workspace_id, latest_version, draft, draft_hash
  )
  INSERT INTO workflow_version AS v (workspace_id, workflow_id, version, definition, hash, note, created_by)
  SELECT workspace_id, id, latest_version, draft, draft_hash, $5::text, $6::uuid FROM published
  RETURNING ${FULL}`;

const OF_WORKFLOW = `
  FROM workflow_version v JOIN workflow w ON w.id = v.workflow_id AND w.deleted_at IS NULL
  WHERE w.workspace_id = $1 AND w.id = $2`;

const FIND = `SELECT ${FULL} ${OF_WORKFLOW} AND v.version = $3`;

const LIST = `
  SELECT ${SUMMARY} ${OF_WORKFLOW} AND ($3::integer IS NULL OR v.version < $3) ORDER BY v.version DESC LIMIT $4`;

const DRAFT = `
  SELECT w.id, w.name, w.latest_version AS "latestVersion", NULL::integer AS version, w.draft AS definition
  FROM workflow w WHERE w.workspace_id = $1 AND w.deleted_at IS NULL`;
const DRAFT_BY_ID = `${DRAFT} AND w.id = $2`;
const DRAFT_BY_NAME = `${DRAFT} AND w.name = $2`;

const VERSION = `
  SELECT w.id, w.name, w.latest_version AS "latestVersion", v.version, v.definition
  FROM workflow w LEFT JOIN workflow_version v
    ON v.workflow_id = w.id AND v.version = coalesce($3::integer, w.published_version)
  WHERE w.workspace_id = $1 AND w.deleted_at IS NULL`;
const VERSION_BY_ID = `${VERSION} AND w.id = $2`;
const VERSION_BY_NAME = `${VERSION} AND w.name = $2`;
