import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Whether somebody is to be told of the end of a run. */
export class RunWebhook1700000000019 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE run ADD COLUMN has_webhook boolean NOT NULL DEFAULT false');
    await runner.query('UPDATE run SET has_webhook = true WHERE id IN (SELECT run_id FROM webhook_delivery)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE run DROP COLUMN has_webhook');
  }
}
