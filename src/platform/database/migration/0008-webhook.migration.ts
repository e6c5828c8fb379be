import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Whom to tell of the end of a run, and how far that has come. */
export class Webhook1700000000008 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE webhook_delivery (
        id uuid PRIMARY KEY,
        workspace_id uuid NOT NULL REFERENCES workspace ON DELETE CASCADE,
        run_id uuid NOT NULL REFERENCES run ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,
        url text NOT NULL,
        sealed_secret bytea NOT NULL,
        status text NOT NULL DEFAULT 'registered' CHECK (status IN ('registered', 'due', 'delivered', 'failed')),
        attempt integer NOT NULL DEFAULT 0,
        due_at timestamptz,
        claimed_until timestamptz,
        last_fault text,
        created_at timestamptz NOT NULL DEFAULT now(),
        settled_at timestamptz
      );
      CREATE INDEX webhook_delivery_due ON webhook_delivery (due_at) WHERE status = 'due';
      CREATE INDEX webhook_delivery_of_run ON webhook_delivery (run_id);
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE webhook_delivery');
  }
}
