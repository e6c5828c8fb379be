import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Who may call which tools, which are switched off, and every call that was made. */
export class Tool1700000000009 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE tool_grant (
        id uuid PRIMARY KEY,
        workspace_id uuid NOT NULL REFERENCES workspace ON DELETE CASCADE,
        user_id uuid,
        role text CHECK (role IN ('owner', 'admin', 'editor', 'viewer')),
        tool text,
        pattern text,
        server_id uuid,
        level text NOT NULL CHECK (level IN ('none', 'read', 'execute', 'admin')),
        expires_at timestamptz,
        per_hour integer,
        per_day integer,
        created_by uuid NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now(),
        updated_at timestamptz NOT NULL DEFAULT now(),
        CHECK (num_nonnulls(user_id, role) = 1),
        CHECK (num_nonnulls(tool, pattern, server_id) = 1),
        FOREIGN KEY (workspace_id, user_id) REFERENCES membership (workspace_id, user_id) ON DELETE CASCADE
      );
      CREATE INDEX tool_grant_recent ON tool_grant (workspace_id, id DESC);
      CREATE TABLE tool_quota (
        grant_id uuid NOT NULL REFERENCES tool_grant ON DELETE CASCADE,
        user_id uuid NOT NULL,
        hour_at timestamptz NOT NULL,
        hour_count integer NOT NULL,
        day_at timestamptz NOT NULL,
        day_count integer NOT NULL,
        PRIMARY KEY (grant_id, user_id)
      );
      CREATE TABLE tool_switch (
        workspace_id uuid NOT NULL REFERENCES workspace ON DELETE CASCADE,
        tool text NOT NULL,
        enabled boolean NOT NULL,
        changed_by uuid NOT NULL,
        changed_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (workspace_id, tool)
      );
      CREATE TABLE tool_call (
        id uuid PRIMARY KEY,
        workspace_id uuid NOT NULL REFERENCES workspace ON DELETE CASCADE,
        user_id uuid NOT NULL,
        run_id uuid REFERENCES run ON DELETE CASCADE,
        call_id text NOT NULL,
        tool text NOT NULL,
        asked_hash text NOT NULL,
        arguments json NOT NULL,
        arguments_hash text NOT NULL,
        effect text NOT NULL CHECK (effect IN ('read', 'idempotent', 'once')),
        risk text NOT NULL CHECK (risk IN ('low', 'medium', 'high')),
        status text NOT NULL
          CHECK (status IN ('planned', 'awaiting_approval', 'dispatched', 'ok', 'error', 'denied', 'in_doubt')),
        idempotency_key text NOT NULL,
        dispatches integer NOT NULL DEFAULT 0,
        result json,
        problem json,
        created_at timestamptz NOT NULL DEFAULT now(),
        dispatched_at timestamptz,
        ended_at timestamptz,
        duration_ms integer
      );
      CREATE UNIQUE INDEX tool_call_of_run ON tool_call (workspace_id, run_id, call_id);
      CREATE UNIQUE INDEX tool_call_direct ON tool_call (workspace_id, call_id) WHERE run_id IS NULL;
      CREATE INDEX tool_call_run ON tool_call (run_id);
      ALTER TABLE approval ADD arguments_hash text;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE approval DROP arguments_hash;
      DROP TABLE tool_call, tool_switch, tool_quota, tool_grant;
    `);
  }
}
