import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Summaries of branches: each tells what was said up to one message, and holds for every branch that this message is on.
 * A conversation names the one of its active branch. A memory may have a key by which whoever wrote it finds it.
 */
export class Memory1700000000016 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE conversation_summary (
        workspace_id uuid NOT NULL,
        conversation_id uuid NOT NULL REFERENCES conversation ON DELETE CASCADE,
        message_id uuid NOT NULL,
        sequence integer NOT NULL,
        content text NOT NULL,
        tokens integer NOT NULL,
        updated_at timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
        PRIMARY KEY (conversation_id, message_id)
      );
      INSERT INTO conversation_summary (workspace_id, conversation_id, message_id, sequence, content, tokens)
      SELECT c.workspace_id, c.id, m.id, m.sequence, c.summary, ceil(length(c.summary) / 4.0)
      FROM conversation c JOIN message m ON m.id = c.summarised_up_to AND m.conversation_id = c.id
      WHERE c.summary IS NOT NULL AND m.deleted_at IS NULL;
      ALTER TABLE conversation DROP COLUMN summary;
      ALTER TABLE memory ADD COLUMN key text;
      CREATE UNIQUE INDEX memory_key ON memory (workspace_id, user_id, key) WHERE key IS NOT NULL;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP INDEX memory_key;
      ALTER TABLE memory DROP COLUMN key;
      ALTER TABLE conversation ADD COLUMN summary text;
      UPDATE conversation c SET summary = s.content FROM conversation_summary s
      WHERE s.conversation_id = c.id AND s.message_id = c.summarised_up_to;
      DROP TABLE conversation_summary;
    `);
  }
}
