import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Tickets that tools open, what users let the assistant remember, and the runs that were started as tools. The key of a
 * call lets it write once however often it is repeated.
 */
export class TicketMemory1700000000011 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE ticket (
        id uuid PRIMARY KEY,
        workspace_id uuid NOT NULL REFERENCES workspace ON DELETE CASCADE,
        created_by uuid NOT NULL,
        conversation_id uuid,
        run_id uuid,
        title text NOT NULL,
        description text,
        priority text NOT NULL CHECK (priority IN ('low', 'normal', 'high', 'urgent')),
        status text NOT NULL DEFAULT 'open' CHECK (status IN ('open', 'inProgress', 'resolved', 'closed')),
        escalated_at timestamptz(3),
        escalation_reason text,
        call_key text NOT NULL,
        created_at timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
        updated_at timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
        CONSTRAINT ticket_of_call UNIQUE (workspace_id, call_key)
      );
      CREATE INDEX ticket_recent ON ticket (workspace_id, id DESC);
      CREATE INDEX ticket_by_status ON ticket (workspace_id, status, id DESC);

      CREATE TABLE memory (
        id uuid PRIMARY KEY,
        workspace_id uuid NOT NULL REFERENCES workspace ON DELETE CASCADE,
        user_id uuid NOT NULL,
        content text NOT NULL,
        created_at timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
        updated_at timestamptz(3) NOT NULL DEFAULT clock_timestamp()
      );
      CREATE UNIQUE INDEX memory_content ON memory (workspace_id, user_id, md5(content));
      CREATE INDEX memory_recent ON memory (workspace_id, user_id, id DESC);

      CREATE TABLE workflow_call (
        run_id uuid PRIMARY KEY REFERENCES run ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,
        workspace_id uuid NOT NULL REFERENCES workspace ON DELETE CASCADE,
        call_key text NOT NULL,
        depth smallint NOT NULL,
        CONSTRAINT workflow_call_of_call UNIQUE (workspace_id, call_key)
      );
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE ticket, memory, workflow_call');
  }
}
