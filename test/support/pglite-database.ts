import { PGlite } from '@electric-sql/pglite';
import { vector } from '@electric-sql/pglite-pgvector';
import type { QueryRunner } from 'typeorm';
import type { Database } from '../../src/platform/database/database.js';
import { MIGRATIONS } from '../../src/platform/database/migrations.js';

/** PostgreSQL with pgvector, inside this process and with one session: for SQL that the embedded server cannot run. */
export interface PgliteDatabase {
  /** What repositories use of the application's way to the database. */
  readonly database: Database;
  sql<Row>(text: string, values?: readonly unknown[]): Promise<Row[]>;
  close(): Promise<void>;
}

export async function pgliteDatabase(): Promise<PgliteDatabase> {
  const lite = await PGlite.create({ extensions: { vector } });
  const runner = { query: (text: string) => lite.exec(text) } as unknown as QueryRunner;
  for (const Migration of MIGRATIONS) await new Migration().up(runner);
  const sql = async <Row>(text: string, values: readonly unknown[] = []): Promise<Row[]> =>
    (await lite.query<Row>(text, [...values])).rows;
  let last: Promise<unknown> = Promise.resolve();
  let isInside = false;
  const transaction = async <Result>(work: () => Promise<Result>): Promise<Result> => {
    await lite.exec('BEGIN');
    isInside = true;
    try {
      const result = await work();
      await lite.exec('COMMIT');
      return result;
    } catch (error) {
      await lite.exec('ROLLBACK');
      throw error;
    } finally {
      isInside = false;
    }
  };
  const database = {
    query: sql,
    one: async (text: string, values: readonly unknown[] = []) => (await sql(text, values))[0],
    detached: <Result>(work: () => Promise<Result>) => work(),
    afterCommit: (act: () => void) => act(),
    transaction: <Result>(work: () => Promise<Result>): Promise<Result> => {
      if (isInside) return work();
      const result = last.then(() => transaction(work));
      last = result.catch(() => undefined);
      return result;
    },
  };
  return { database: database as unknown as Database, sql, close: () => lite.close() };
}
