import type { MigrationInterface, QueryRunner } from 'typeorm';

/** How often runs found an answer in the cache, and how often they did not. */
export class CacheFigures1700000000021 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE figure ADD COLUMN cache_hits integer NOT NULL DEFAULT 0, ADD COLUMN cache_misses integer NOT NULL DEFAULT 0;
      ALTER TABLE figure_sum ADD COLUMN cache_hits bigint NOT NULL DEFAULT 0, ADD COLUMN cache_misses bigint NOT NULL DEFAULT 0;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE figure DROP COLUMN cache_hits, DROP COLUMN cache_misses;
      ALTER TABLE figure_sum DROP COLUMN cache_hits, DROP COLUMN cache_misses;
    `);
  }
}
