import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Stored workflows: a draft that changes and versions that never do. `latest_version` gives out the numbers and
 * `published_version` is the pointer; `revision` counts edits of the workflow, for its entity tag.
 */
export class WorkflowLibrary1700000000006 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE workflow (
        id uuid PRIMARY KEY,
        workspace_id uuid NOT NULL REFERENCES workspace ON DELETE CASCADE,
        created_by uuid NOT NULL,
        name text NOT NULL,
        description text,
        tags text[] NOT NULL DEFAULT '{}',
        draft jsonb NOT NULL,
        draft_hash text NOT NULL,
        published_version integer,
        latest_version integer NOT NULL DEFAULT 0,
        revision integer NOT NULL DEFAULT 1,
        deleted_at timestamptz(3),
        created_at timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
        updated_at timestamptz(3) NOT NULL DEFAULT clock_timestamp()
      );
      CREATE UNIQUE INDEX workflow_name ON workflow (workspace_id, name) WHERE deleted_at IS NULL;
      CREATE INDEX workflow_recent ON workflow (workspace_id, id DESC) WHERE deleted_at IS NULL;
      CREATE TABLE workflow_version (
        workspace_id uuid NOT NULL,
        workflow_id uuid NOT NULL REFERENCES workflow ON DELETE CASCADE,
        version integer NOT NULL CHECK (version > 0),
        definition jsonb NOT NULL,
        hash text NOT NULL,
        note text,
        created_by uuid NOT NULL,
        created_at timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
        PRIMARY KEY (workflow_id, version)
      );
      ALTER TABLE workflow ADD CONSTRAINT workflow_points_to_version
        FOREIGN KEY (id, published_version) REFERENCES workflow_version (workflow_id, version);
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE workflow_version, workflow');
  }
}
