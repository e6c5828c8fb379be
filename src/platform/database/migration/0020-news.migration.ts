import type { MigrationInterface, QueryRunner } from 'typeorm';

/** By what is found what happened last in a workspace. `run.waited_at` is when a run last began to wait. */
export class News1700000000020 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE run ADD COLUMN waited_at timestamptz;
      CREATE INDEX run_started ON run (workspace_id, started_at) WHERE parent_run_id IS NULL AND started_at IS NOT NULL;
      CREATE INDEX run_waited ON run (workspace_id, waited_at) WHERE parent_run_id IS NULL AND waited_at IS NOT NULL;
      CREATE INDEX run_ended ON run (workspace_id, ended_at) WHERE parent_run_id IS NULL AND ended_at IS NOT NULL;
      CREATE INDEX approval_news ON approval (workspace_id, coalesce(decided_at, created_at));
      CREATE INDEX document_news ON document (workspace_id, updated_at) WHERE status IN ('ready', 'failed');
      CREATE INDEX ticket_news ON ticket (workspace_id, updated_at);
      CREATE INDEX workflow_version_news ON workflow_version (workspace_id, created_at);
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP INDEX run_started, run_waited, run_ended, approval_news, document_news, ticket_news, workflow_version_news;
      ALTER TABLE run DROP COLUMN waited_at;
    `);
  }
}
