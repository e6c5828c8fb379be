import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Runs, their event log and the definitions they ran. */
export class Run1700000000003 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE definition (
        workspace_id uuid NOT NULL REFERENCES workspace ON DELETE CASCADE,
        hash text NOT NULL,
        body jsonb NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (workspace_id, hash)
      );
      CREATE TABLE run (
        id uuid PRIMARY KEY,
        workspace_id uuid NOT NULL REFERENCES workspace ON DELETE CASCADE,
        user_id uuid NOT NULL,
        kind text NOT NULL CHECK (kind IN ('chat', 'workflow', 'child')),
        status text NOT NULL CHECK (status IN ('queued', 'running', 'waiting', 'paused', 'succeeded', 'failed', 'cancelled', 'timedOut')),
        workflow jsonb NOT NULL,
        definition_hash text NOT NULL,
        conversation_id uuid,
        message_id uuid,
        parent_run_id uuid,
        input jsonb NOT NULL,
        limits jsonb NOT NULL DEFAULT '{}',
        metadata jsonb NOT NULL DEFAULT '{}',
        output jsonb,
        problem jsonb,
        decision jsonb,
        usage jsonb,
        cost double precision,
        cached boolean NOT NULL DEFAULT false,
        attempt integer NOT NULL DEFAULT 0,
        lease_owner text,
        lease_until timestamptz,
        fence bigint NOT NULL DEFAULT 0,
        executed_ms integer NOT NULL DEFAULT 0,
        cancel_requested_at timestamptz,
        created_at timestamptz NOT NULL DEFAULT now(),
        started_at timestamptz,
        ended_at timestamptz,
        duration_ms integer
      ) WITH (fillfactor = 80);
      CREATE UNIQUE INDEX run_holds_conversation ON run (conversation_id)
        WHERE status IN ('running', 'waiting', 'paused') AND kind = 'chat';
      CREATE INDEX run_recent ON run (workspace_id, id DESC);
      CREATE INDEX run_of_conversation ON run (conversation_id, id) WHERE conversation_id IS NOT NULL;
      CREATE INDEX run_due ON run (id) WHERE status = 'queued';
      CREATE INDEX run_leased ON run (id) WHERE status = 'running';
      CREATE INDEX run_of_user_active ON run (user_id) WHERE status = 'running';
      CREATE TABLE run_event (
        workspace_id uuid NOT NULL,
        run_id uuid NOT NULL,
        seq integer NOT NULL,
        type text NOT NULL,
        data text NOT NULL,
        PRIMARY KEY (run_id, seq)
      );
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE run_event, run, definition');
  }
}
