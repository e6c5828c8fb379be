import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Since when a database or a model that is away has kept a document from being processed. */
export class DocumentHindrance1700000000022 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE document ADD COLUMN hindered_since timestamptz');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE document DROP COLUMN hindered_since');
  }
}
