import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import { isUniqueViolation } from '../../platform/database/fault.js';
import { storableText } from '../../platform/database/storable.js';
import type { McpCheck, McpServer, McpServerChanges, McpTransport, NewMcpServer } from './mcp-server.js';
import { serverNameTaken } from './mcp.errors.js';

/** Statements over the servers of a workspace. */
@Injectable()
export class McpServerRepository {
  constructor(private readonly database: Database) {}

  /** @throws Problem conflict when the name is another's; undefined when the workspace has `most` of them */
  async insert(server: NewMcpServer, most: number): Promise<McpServer | undefined> {
    const { id, workspaceId, name, transport, url, secretId } = server;
    try {
      return optional(await this.database.one<Row>(INSERT, [id, workspaceId, name, transport, url, secretId, most]));
    } catch (error) {
      throw isUniqueViolation(error, 'mcp_server_name') ? serverNameTaken(name, error) : error;
    }
  }

  /** Gives the workspace a row for a server of the operator's file; none when the name is taken. */
  async adopt({ id, workspaceId, name }: NewMcpServer): Promise<void> {
    await this.database.query(ADOPT, [id, workspaceId, name]);
  }

  async find(workspaceId: string, id: string): Promise<McpServer | undefined> {
    return optional(await this.database.one<Row>(FIND, [workspaceId, id]));
  }

  /** Its own and the `declared` ones, by name; `after` is the name the page before ended with. */
  async list(
    workspaceId: string,
    declared: readonly string[],
    after: string | undefined,
    limit: number,
  ): Promise<readonly McpServer[]> {
    return (await this.database.query<Row>(LIST, [workspaceId, declared, after ?? '', limit])).map(toServer);
  }

  /** Undefined when it is gone or none of the API's. @throws Problem conflict when the new name is another's */
  async update(
    workspaceId: string,
    id: string,
    { name, url, secretId }: McpServerChanges,
  ): Promise<McpServer | undefined> {
    try {
      const values = [workspaceId, id, name, url, secretId !== undefined, secretId];
      return optional(await this.database.one<Row>(UPDATE, values));
    } catch (error) {
      throw isUniqueViolation(error, 'mcp_server_name') ? serverNameTaken(name ?? '', error) : error;
    }
  }

  async switch(workspaceId: string, id: string, enabled: boolean): Promise<McpServer | undefined> {
    return optional(await this.database.one<Row>(SWITCH, [workspaceId, id, enabled]));
  }

  /** False when it is gone or none of the API's. */
  async delete(workspaceId: string, id: string): Promise<boolean> {
    return (await this.database.one(DELETE, [workspaceId, id])) !== undefined;
  }

  /** Locks the row for the ambient transaction; undefined when the server is gone or reached otherwise by now. */
  async lock({ workspaceId, id, revision }: McpServer): Promise<McpServer | undefined> {
    return optional(await this.database.one<Row>(LOCK, [workspaceId, id, revision]));
  }

  /** Keeps how a check went; nothing when the server is gone or reached otherwise by now. */
  async record({ workspaceId, id, revision }: McpServer, check: Omit<McpCheck, 'at'>, listed: boolean): Promise<void> {
    const { isUp, remark, latencyMs, protocolVersion } = check;
    const text = remark === undefined ? undefined : storableText(remark);
    await this.database.query(RECORD, [workspaceId, id, revision, isUp, text, latencyMs, protocolVersion, listed]);
  }

  /** Takes servers that nobody has asked for `everyMs`, so that no other process asks them too. */
  async claimDue(everyMs: number, limit: number): Promise<readonly McpServer[]> {
    return (await this.database.query<Row>(CLAIM_DUE, [everyMs, limit])).map(toServer);
  }
}

interface Row {
  readonly id: string;
  readonly workspace_id: string;
  readonly name: string;
  readonly transport: McpTransport;
  readonly url: string | null;
  readonly secret_id: string | null;
  readonly enabled: boolean;
  readonly revision: number;
  readonly is_up: boolean | null;
  readonly remark: string | null;
  readonly latency_ms: number | null;
  readonly protocol_version: string | null;
  readonly checked_at: Date | null;
  readonly listed_at: Date | null;
  readonly created_at: Date;
  readonly updated_at: Date;
}

const optional = (row: Row | undefined): McpServer | undefined => row && toServer(row);

const toServer = (row: Row): McpServer => ({
  id: row.id,
  workspaceId: row.workspace_id,
  name: row.name,
  transport: row.transport,
  url: row.url ?? undefined,
  secretId: row.secret_id ?? undefined,
  enabled: row.enabled,
  revision: row.revision,
  createdAt: row.created_at,
  updatedAt: row.updated_at,
  isListed: row.listed_at !== null,
  ...(row.checked_at && { check: toCheck(row, row.checked_at) }),
});

const toCheck = (row: Row, at: Date): McpCheck => ({
  at,
  isUp: row.is_up === true,
  latencyMs: row.latency_ms ?? undefined,
  protocolVersion: row.protocol_version ?? undefined,
  remark: row.remark ?? undefined,
});

const COLUMNS = `id, workspace_id, name, transport, url, secret_id, enabled, revision, is_up, remark, latency_ms,
  protocol_version, checked_at, listed_at, created_at, updated_at`;

const INSERT = `
  INSERT INTO mcp_server (id, workspace_id, name, transport, url, secret_id)
  SELECT $1, $2, $3, $4, $5, $6
  WHERE (SELECT count(*) FROM mcp_server WHERE workspace_id = $2 AND transport = 'http') < $7
  RETURNING ${COLUMNS}
`;

const ADOPT = `
  INSERT INTO mcp_server (id, workspace_id, name, transport) VALUES ($1, $2, $3, 'stdio')
  ON CONFLICT (workspace_id, name) DO NOTHING
`;

const FIND = `SELECT ${COLUMNS} FROM mcp_server WHERE workspace_id = $1 AND id = $2`;

const LIST = `
  SELECT ${COLUMNS} FROM mcp_server
  WHERE workspace_id = $1 AND (transport = 'http' OR name = ANY ($2)) AND name COLLATE "C" > $3
  ORDER BY name COLLATE "C"
  LIMIT $4
`;

const UPDATE = `
  UPDATE mcp_server
  SET name = coalesce($3, name), url = coalesce($4, url), secret_id = CASE WHEN $5 THEN $6::uuid ELSE secret_id END,
      revision = revision + 1, claimed_at = NULL, updated_at = clock_timestamp()
  WHERE workspace_id = $1 AND id = $2 AND transport = 'http'
  RETURNING ${COLUMNS}
`;

const SWITCH = `
  UPDATE mcp_server
  SET enabled = $3, revision = revision + 1, claimed_at = NULL, updated_at = clock_timestamp()
  WHERE workspace_id = $1 AND id = $2
  RETURNING ${COLUMNS}
`;

const DELETE = `DELETE FROM mcp_server WHERE workspace_id = $1 AND id = $2 AND transport = 'http' RETURNING id`;

const LOCK = `
  SELECT ${COLUMNS} FROM mcp_server WHERE workspace_id = $1 AND id = $2 AND revision = $3
  FOR UPDATE
`;

const RECORD = `
  UPDATE mcp_server
  SET is_up = $4, remark = $5, latency_ms = $6, protocol_version = coalesce($7, protocol_version),
      checked_at = clock_timestamp(), claimed_at = clock_timestamp(),
      listed_at = CASE WHEN $8 THEN clock_timestamp() ELSE listed_at END
  WHERE workspace_id = $1 AND id = $2 AND revision = $3
`;

const CLAIM_DUE = `
  UPDATE mcp_server SET claimed_at = clock_timestamp()
  WHERE id IN (
    SELECT id FROM mcp_server
    WHERE enabled AND (claimed_at IS NULL OR claimed_at < clock_timestamp() - make_interval(secs => $1::float8 / 1000))
    ORDER BY claimed_at NULLS FIRST
    LIMIT $2
    FOR UPDATE SKIP LOCKED
  )
  RETURNING ${COLUMNS}
`;
