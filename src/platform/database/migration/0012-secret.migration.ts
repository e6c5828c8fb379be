import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Values that a workspace lends to those who send requests to certain hosts. */
export class Secret1700000000012 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE secret (
        id uuid PRIMARY KEY,
        workspace_id uuid NOT NULL REFERENCES workspace ON DELETE CASCADE,
        name text NOT NULL,
        hosts text[] NOT NULL CHECK (cardinality(hosts) > 0),
        provider text,
        version integer NOT NULL DEFAULT 1,
        sealed_key bytea NOT NULL,
        sealed_value bytea NOT NULL,
        last_used_at timestamptz,
        created_at timestamptz NOT NULL DEFAULT now(),
        updated_at timestamptz NOT NULL DEFAULT now()
      );
      CREATE UNIQUE INDEX secret_name ON secret (workspace_id, name);
      CREATE UNIQUE INDEX secret_provider ON secret (workspace_id, provider) WHERE provider IS NOT NULL;
      CREATE INDEX secret_page ON secret (workspace_id, id);
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE secret');
  }
}
