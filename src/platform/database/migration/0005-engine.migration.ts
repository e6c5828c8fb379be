import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Child runs, runs that wait, what steps leave in the log, definitions with what they refer to, and approvals. */
export class Engine1700000000005 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE run
        ADD root_run_id uuid,
        ADD path text[],
        ADD wake_at timestamptz,
        ADD pause_requested_at timestamptz;
      DROP INDEX run_holds_conversation;
      CREATE UNIQUE INDEX run_holds_conversation ON run (conversation_id)
        WHERE status IN ('running', 'waiting', 'paused') AND kind = 'chat' AND started_at IS NOT NULL;
      CREATE INDEX run_children ON run (parent_run_id, id) WHERE parent_run_id IS NOT NULL;
      CREATE INDEX run_family ON run (root_run_id) WHERE root_run_id IS NOT NULL;
      CREATE INDEX run_waking ON run (wake_at) WHERE status = 'waiting';
      ALTER TABLE run_event ADD result text;
      UPDATE definition SET body = jsonb_build_object('definition', body, 'pins', '{}'::jsonb);
      ALTER TABLE definition ALTER body TYPE json;
      CREATE TABLE approval (
        id uuid PRIMARY KEY,
        workspace_id uuid NOT NULL REFERENCES workspace ON DELETE CASCADE,
        run_id uuid NOT NULL,
        path text[] NOT NULL,
        kind text NOT NULL CHECK (kind IN ('tool', 'node')),
        title text NOT NULL,
        detail text,
        call_id text,
        tool text,
        arguments jsonb,
        risk text,
        status text NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'approved', 'denied', 'expired', 'cancelled')),
        on_expire text NOT NULL CHECK (on_expire IN ('approve', 'deny')),
        expires_at timestamptz NOT NULL,
        decided_by uuid,
        decided_at timestamptz,
        edited_arguments jsonb,
        reason text,
        created_at timestamptz NOT NULL DEFAULT now()
      );
      CREATE INDEX approval_recent ON approval (workspace_id, id DESC);
      CREATE INDEX approval_of_run ON approval (run_id);
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP TABLE approval;
      ALTER TABLE definition ALTER body TYPE jsonb;
      UPDATE definition SET body = body->'definition';
      ALTER TABLE run_event DROP result;
      DROP INDEX run_waking, run_family, run_children, run_holds_conversation;
      CREATE UNIQUE INDEX run_holds_conversation ON run (conversation_id)
        WHERE status IN ('running', 'waiting', 'paused') AND kind = 'chat';
      ALTER TABLE run DROP root_run_id, DROP path, DROP wake_at, DROP pause_requested_at;
    `);
  }
}
