import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Conversations and their message tree. Times are kept in milliseconds, as the API and its cursors show them. A
 * conversation row changes with every message, so it has few indexes: titles are searched within the workspace without
 * one (11 ms for 50,000). A message's search vector carries its workspace as a lexeme, so that the index itself is
 * narrowed to one workspace; 50,000 characters of content stay below the 1 MB a tsvector may have, whatever they are.
 */
export class Conversation1700000000002 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE conversation (
        id uuid PRIMARY KEY,
        workspace_id uuid NOT NULL REFERENCES workspace ON DELETE CASCADE,
        created_by uuid NOT NULL,
        title text NOT NULL,
        status text NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'archived')),
        system_message text,
        model text,
        workflow text,
        tags text[] NOT NULL DEFAULT '{}',
        metadata jsonb NOT NULL DEFAULT '{}',
        summary text,
        summarised_up_to uuid,
        forked_from_conversation_id uuid,
        forked_from_message_id uuid,
        message_count integer NOT NULL DEFAULT 0,
        last_sequence integer NOT NULL DEFAULT 0,
        active_message_id uuid,
        last_message_at timestamptz(3),
        version integer NOT NULL DEFAULT 1,
        deleted_at timestamptz(3),
        created_at timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
        updated_at timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
        search tsvector GENERATED ALWAYS AS (to_tsvector('simple', left(title, 1000))) STORED
      );
      CREATE INDEX conversation_recent ON conversation (workspace_id, updated_at DESC, id DESC) WHERE deleted_at IS NULL;
      CREATE INDEX conversation_tags ON conversation USING gin (tags) WHERE tags <> '{}';
      CREATE TABLE message (
        id uuid PRIMARY KEY,
        workspace_id uuid NOT NULL,
        conversation_id uuid NOT NULL REFERENCES conversation ON DELETE CASCADE,
        parent_id uuid,
        created_by uuid,
        role text NOT NULL CHECK (role IN ('user', 'assistant', 'system', 'tool')),
        content text NOT NULL,
        sequence integer NOT NULL,
        run_id uuid,
        model text,
        usage jsonb,
        cost double precision,
        finish_reason text,
        citations jsonb,
        tool_calls jsonb,
        rating smallint CHECK (rating BETWEEN 0 AND 5),
        duration_ms integer,
        deleted_at timestamptz(3),
        created_at timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
        search tsvector GENERATED ALWAYS AS (
          array_to_tsvector(ARRAY['workspace:' || workspace_id::text]) || to_tsvector('simple', left(content, 50000))
        ) STORED,
        CONSTRAINT message_sequence UNIQUE (conversation_id, sequence)
      );
      CREATE INDEX message_children ON message (parent_id, sequence) WHERE parent_id IS NOT NULL;
      CREATE UNIQUE INDEX message_of_run ON message (run_id, role) WHERE run_id IS NOT NULL AND role IN ('user', 'assistant');
      CREATE INDEX message_search ON message USING gin (search) WHERE deleted_at IS NULL;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE message, conversation');
  }
}
