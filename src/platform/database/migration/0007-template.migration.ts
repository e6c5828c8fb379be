import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Custom templates and their versions, which never change. */
export class Template1700000000007 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE template (
        id uuid PRIMARY KEY,
        workspace_id uuid NOT NULL REFERENCES workspace ON DELETE CASCADE,
        name text NOT NULL,
        version integer NOT NULL DEFAULT 1,
        extends text,
        created_by uuid NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now(),
        updated_at timestamptz NOT NULL DEFAULT now(),
        CONSTRAINT template_name UNIQUE (workspace_id, name)
      );
      CREATE INDEX template_extends ON template (workspace_id, extends) WHERE extends IS NOT NULL;
      CREATE TABLE template_version (
        template_id uuid NOT NULL REFERENCES template ON DELETE CASCADE,
        version integer NOT NULL,
        content json NOT NULL,
        created_by uuid NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (template_id, version)
      );
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE template_version, template');
  }
}
