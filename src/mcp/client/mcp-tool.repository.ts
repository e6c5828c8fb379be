import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import { storableJson } from '../../platform/database/storable.js';
import type { ToolRisk } from '../../tool/tool.js';
import type { McpServer } from './mcp-server.js';
import type { ToolDefinition } from './tool-definition.js';
import type { KnownTool } from './tool-standing.js';

/** A known tool with the server it belongs to. */
export interface ServedTool {
  readonly tool: KnownTool;
  readonly server: Pick<McpServer, 'id' | 'name' | 'enabled' | 'transport'>;
}

/** What an approval binds: the tool's own name, and the hash of the definition that was seen when one is given. */
export interface Approval {
  readonly workspaceId: string;
  readonly serverId: string;
  readonly name: string;
  readonly hash?: string;
  readonly risk?: ToolRisk;
  readonly userId: string;
}

/** Statements over the tools of servers. */
@Injectable()
export class McpToolRepository {
  constructor(private readonly database: Database) {}

  async ofServer(workspaceId: string, serverId: string): Promise<readonly KnownTool[]> {
    return (await this.database.query<Row>(OF_SERVER, [workspaceId, serverId])).map(toTool);
  }

  /** Those that are listed, of every server of the workspace. */
  async ofWorkspace(workspaceId: string): Promise<readonly ServedTool[]> {
    return (await this.database.query<ServedRow>(OF_WORKSPACE, [workspaceId])).map(toServed);
  }

  /** One that is listed, by the name it is offered under. */
  async offered(workspaceId: string, offeredName: string): Promise<ServedTool | undefined> {
    const row = await this.database.one<ServedRow>(OFFERED, [workspaceId, offeredName]);
    return row && toServed(row);
  }

  /** What the server lists from now on; a tool that was never approved and is not listed any more is forgotten. */
  async replace({ workspaceId, id }: McpServer, tools: readonly KnownTool[]): Promise<void> {
    await this.database.query(FORGET, [workspaceId, id, tools.map(({ name }) => name)]);
    for (const tool of tools) await this.database.query(KEEP, [workspaceId, id, ...valuesOf(tool)]);
  }

  /** The tool as it stands then; undefined when there is none to approve, or not the one that was seen. */
  async approve({ workspaceId, serverId, name, hash, risk, userId }: Approval): Promise<KnownTool | undefined> {
    const row = await this.database.one<Row>(APPROVE, [workspaceId, serverId, name, hash, risk, userId]);
    return row && toTool(row);
  }

  /** How many tools each server of the workspace lists, and how many of them wait for approval. */
  async counts(workspaceId: string): Promise<ReadonlyMap<string, ToolCounts>> {
    const rows = await this.database.query<CountRow>(COUNTS, [workspaceId]);
    return new Map(rows.map(({ server_id: id, listed, waiting }) => [id, { listed, waiting }]));
  }
}

export interface ToolCounts {
  readonly listed: number;
  readonly waiting: number;
}

interface CountRow extends ToolCounts {
  readonly server_id: string;
}

interface Row {
  readonly name: string;
  readonly offered_name: string;
  readonly approved: ToolDefinition | null;
  readonly approved_hash: string | null;
  readonly listed: ToolDefinition | null;
  readonly listed_hash: string | null;
  readonly fault: string | null;
  readonly risk: ToolRisk | null;
}

interface ServedRow extends Row {
  readonly server_id: string;
  readonly server_name: string;
  readonly enabled: boolean;
  readonly transport: McpServer['transport'];
}

const toTool = (row: Row): KnownTool => ({
  name: row.name,
  offeredName: row.offered_name,
  approved: row.approved ?? undefined,
  approvedHash: row.approved_hash ?? undefined,
  listed: row.listed ?? undefined,
  listedHash: row.listed_hash ?? undefined,
  fault: row.fault ?? undefined,
  risk: row.risk ?? undefined,
});

const toServed = (row: ServedRow): ServedTool => ({
  tool: toTool(row),
  server: { id: row.server_id, name: row.server_name, enabled: row.enabled, transport: row.transport },
});

const valuesOf = (tool: KnownTool): readonly unknown[] => [
  tool.name,
  tool.offeredName,
  storableJson(tool.approved),
  tool.approvedHash,
  storableJson(tool.listed),
  tool.listedHash,
  tool.fault,
];

const OWN = 'name, offered_name, approved, approved_hash, listed, listed_hash, fault, risk';

const SERVED = `
  SELECT t.name, t.offered_name, t.approved, t.approved_hash, t.listed, t.listed_hash, t.fault, t.risk,
         s.id AS server_id, s.name AS server_name, s.enabled, s.transport
  FROM mcp_tool t JOIN mcp_server s ON s.id = t.server_id AND s.workspace_id = t.workspace_id
  WHERE t.workspace_id = $1 AND t.listed_hash IS NOT NULL
`;

const OF_SERVER = `
  SELECT ${OWN} FROM mcp_tool WHERE workspace_id = $1 AND server_id = $2
  ORDER BY name COLLATE "C"
`;

const OF_WORKSPACE = `${SERVED} ORDER BY s.name COLLATE "C", t.name COLLATE "C" LIMIT 2000`;

const OFFERED = `${SERVED} AND t.offered_name = $2 ORDER BY s.id, t.name COLLATE "C" LIMIT 1`;

const FORGET = 'DELETE FROM mcp_tool WHERE workspace_id = $1 AND server_id = $2 AND NOT name = ANY ($3)';

const KEEP = `
  INSERT INTO mcp_tool (workspace_id, server_id, name, offered_name, approved, approved_hash, listed, listed_hash, fault)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
  ON CONFLICT (server_id, name) DO UPDATE
  SET offered_name = excluded.offered_name, listed = excluded.listed, listed_hash = excluded.listed_hash,
      fault = excluded.fault
`;

const APPROVE = `
  UPDATE mcp_tool
  SET approved = listed, approved_hash = listed_hash, risk = coalesce($5, risk), approved_by = $6,
      approved_at = clock_timestamp()
  WHERE workspace_id = $1 AND server_id = $2 AND name = $3 AND listed_hash IS NOT NULL AND fault IS NULL
    AND ($4::text IS NULL OR listed_hash = $4)
  RETURNING ${OWN}
`;

const COUNTS = `
  SELECT server_id, (count(*) FILTER (WHERE listed_hash IS NOT NULL))::integer AS listed,
         (count(*) FILTER (WHERE listed_hash IS NOT NULL AND approved_hash IS DISTINCT FROM listed_hash))::integer AS waiting
  FROM mcp_tool WHERE workspace_id = $1
  GROUP BY server_id
`;
