import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Which request holds an idempotency key. */
export class KeyHolder1700000000015 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE idempotency_key ADD COLUMN holder uuid');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE idempotency_key DROP COLUMN holder');
  }
}
