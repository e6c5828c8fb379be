import { randomBytes } from 'node:crypto';
import type { Pool } from 'pg';
import { DataSource } from 'typeorm';
import { newId } from '../../src/platform/clock/id.js';
import { dataSourceOptions } from '../../src/platform/database/data-source-options.js';
import { Database } from '../../src/platform/database/database.js';
import { DatabaseConfig } from '../../src/platform/database/database.config.js';
import { migrate } from '../../src/platform/database/migrate.js';
import { testDatabase } from './postgres.js';

/** A migrated schema of a suite's own, and the application's way to it. */
export interface MigratedDatabase {
  readonly database: Database;
  readonly dataSource: DataSource;
  /** Runs any statement outside of every transaction. */
  sql<Row>(text: string, values?: readonly unknown[]): Promise<Row[]>;
  /** A workspace with its owner, for tables that refer to them. */
  tenant(): Promise<{ readonly workspaceId: string; readonly userId: string }>;
  drop(): Promise<void>;
}

export async function migratedDatabase(suite: string): Promise<MigratedDatabase> {
  const { environment, url, drop } = await testDatabase(suite);
  const config = new DatabaseConfig(environment);
  const dataSource = await new DataSource(dataSourceOptions(config, { url })).initialize();
  await migrate(dataSource, config.schema);
  const { master: pool } = dataSource.driver as unknown as { readonly master: Pool };
  const sql = async <Row>(text: string, values: readonly unknown[] = []): Promise<Row[]> =>
    (await pool.query(text, [...values])).rows as Row[];
  return {
    database: new Database(dataSource),
    dataSource,
    sql,
    tenant: async () => {
      const [workspaceId, userId] = [newId(), newId()];
      const email = `${randomBytes(6).toString('hex')}@example.com`;
      await sql('INSERT INTO workspace (id, name, is_personal, created_by) VALUES ($1, $2, true, $3)', [
        workspaceId,
        'Own',
        userId,
      ]);
      await sql(
        `INSERT INTO app_user (id, email, email_key, password_hash, personal_workspace_id) VALUES ($1, $2, $2, '-', $3)`,
        [userId, email, workspaceId],
      );
      return { workspaceId, userId };
    },
    drop: async () => {
      await dataSource.destroy();
      await drop();
    },
  };
}
