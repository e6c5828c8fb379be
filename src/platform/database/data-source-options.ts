import type { PostgresDataSourceOptions } from 'typeorm/driver/postgres/PostgresDataSourceOptions.js';
import type { DatabaseConfig } from './database.config.js';
import { MIGRATIONS } from './migrations.js';

/** Where a server listens: a URL, or the socket folder of the embedded one. */
export type Connection =
  | { readonly url: string }
  | { readonly host: string; readonly port: number; readonly username: string; readonly database: string };

/** TypeORM's options. The pool is the process's only one; the hot paths use it directly. */
export function dataSourceOptions(config: DatabaseConfig, connection: Connection): PostgresDataSourceOptions {
  return {
    type: 'postgres',
    ...connection,
    schema: config.schema,
    migrations: MIGRATIONS,
    migrationsTableName: 'migration',
    installExtensions: false,
    logging: false,
    poolSize: config.poolMax,
    connectTimeoutMS: 5_000,
    applicationName: 'chatter',
    extra: {
      options: `-c search_path=${config.schema} -c statement_timeout=${config.statementTimeoutMs} -c idle_in_transaction_session_timeout=60000 -c TimeZone=UTC`,
      keepAlive: true,
      query_timeout: config.statementTimeoutMs + 5_000,
      idleTimeoutMillis: 30_000,
    },
  };
}
