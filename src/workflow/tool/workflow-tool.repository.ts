import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import type { JsonSchema } from '../../platform/schema/json-schema.js';

/** A published workflow as whoever calls it needs to know it. */
export interface PublishedWorkflow {
  readonly id: string;
  readonly name: string;
  readonly description: string | null;
  /** JSON Schema of its input. */
  readonly input: JsonSchema | null;
}

/** A run that was started by calling its workflow as a tool. */
export interface WorkflowCall {
  readonly workspaceId: string;
  readonly runId: string;
  readonly callKey: string;
  /** 1 when no such run called it. */
  readonly depth: number;
}

@Injectable()
export class WorkflowToolRepository {
  constructor(private readonly database: Database) {}

  /** By name, at most `limit`. */
  published(workspaceId: string, limit: number): Promise<readonly PublishedWorkflow[]> {
    return this.database.query<PublishedWorkflow>(PUBLISHED, [workspaceId, limit]);
  }

  byName(workspaceId: string, name: string): Promise<readonly PublishedWorkflow[]> {
    return this.database.query<PublishedWorkflow>(BY_NAME, [workspaceId, name]);
  }

  /** Those whose id ends so. */
  byIdTail(workspaceId: string, tail: string): Promise<readonly PublishedWorkflow[]> {
    return this.database.query<PublishedWorkflow>(BY_ID_TAIL, [workspaceId, tail]);
  }

  /** The run that this call has started before. */
  async runOfCall(workspaceId: string, callKey: string): Promise<string | undefined> {
    return (await this.database.one<{ readonly id: string }>(RUN_OF_CALL, [workspaceId, callKey]))?.id;
  }

  /** How many calls of workflows led to a run, or to the run it is part of. */
  async depthOf(workspaceId: string, runId: string): Promise<number> {
    return (await this.database.one<{ readonly depth: number }>(DEPTH_OF, [workspaceId, runId]))?.depth ?? 0;
  }

  async record({ workspaceId, runId, callKey, depth }: WorkflowCall): Promise<void> {
    await this.database.query(RECORD, [runId, workspaceId, callKey, depth]);
  }
}

const SELECT = `
  SELECT w.id, w.name, w.description, v.definition -> 'input' AS input
  FROM workflow w JOIN workflow_version v ON v.workflow_id = w.id AND v.version = w.published_version
  WHERE w.workspace_id = $1 AND w.deleted_at IS NULL`;
const PUBLISHED = `${SELECT} ORDER BY w.name LIMIT $2`;
const BY_NAME = `${SELECT} AND w.name = $2`;
const BY_ID_TAIL = `${SELECT} AND right(w.id::text, 12) = $2`;

const RUN_OF_CALL = 'SELECT run_id AS id FROM workflow_call WHERE workspace_id = $1 AND call_key = $2';

const DEPTH_OF = `
  SELECT c.depth FROM run r JOIN workflow_call c ON c.run_id = coalesce(r.root_run_id, r.id)
  WHERE r.workspace_id = $1 AND r.id = $2`;

const RECORD = 'INSERT INTO workflow_call (run_id, workspace_id, call_key, depth) VALUES ($1, $2, $3, $4)';
