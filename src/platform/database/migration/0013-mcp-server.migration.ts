import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * MCP servers that a workspace uses, and their tools: as an administrator approved them, and as the server lists them
 * now. Servers of the operator's file (`stdio`) get a row in each workspace that sees them.
 */
export class McpServer1700000000013 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE mcp_server (
        id uuid PRIMARY KEY,
        workspace_id uuid NOT NULL REFERENCES workspace ON DELETE CASCADE,
        name text NOT NULL,
        transport text NOT NULL CHECK (transport IN ('http', 'stdio')),
        url text CHECK ((transport = 'http') = (url IS NOT NULL)),
        secret_id uuid,
        enabled boolean NOT NULL DEFAULT true,
        revision integer NOT NULL DEFAULT 1,
        is_up boolean,
        remark text,
        latency_ms integer,
        protocol_version text,
        claimed_at timestamptz(3),
        checked_at timestamptz(3),
        listed_at timestamptz(3),
        created_at timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
        updated_at timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
        CONSTRAINT mcp_server_name UNIQUE (workspace_id, name)
      );
      CREATE INDEX mcp_server_due ON mcp_server (claimed_at) WHERE enabled;
      CREATE TABLE mcp_tool (
        workspace_id uuid NOT NULL,
        server_id uuid NOT NULL REFERENCES mcp_server ON DELETE CASCADE,
        name text NOT NULL,
        offered_name text NOT NULL,
        approved jsonb,
        approved_hash text,
        listed jsonb,
        listed_hash text,
        fault text,
        risk text CHECK (risk IN ('low', 'medium', 'high')),
        approved_by uuid,
        approved_at timestamptz(3),
        first_seen_at timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
        PRIMARY KEY (server_id, name),
        CONSTRAINT mcp_tool_is_known CHECK (approved_hash IS NOT NULL OR listed_hash IS NOT NULL)
      );
      CREATE INDEX mcp_tool_offered ON mcp_tool (workspace_id, offered_name);
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE mcp_tool, mcp_server');
  }
}
