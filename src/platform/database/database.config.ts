import { z } from 'zod';
import { configuration, setting } from '../config/configuration.js';
import { integer } from '../config/values.js';

export class DatabaseConfig extends configuration('Database', {
  url: setting(
    'DATABASE_URL',
    z
      .string()
      .regex(/^postgres(ql)?:\/\//, 'must be a postgres:// URL')
      .optional(),
    'PostgreSQL (15 or newer) to use. Unset: an embedded PostgreSQL under DATA_DIR.',
    { secret: true, shownDefault: 'embedded' },
  ),
  schema: setting(
    'DATABASE_SCHEMA',
    z
      .string()
      .regex(/^[a-z_][a-z0-9_]{0,62}$/, 'must be a lower-case SQL name')
      .default('public'),
    'Schema that holds the tables.',
  ),
  poolMax: setting('DB_POOL_MAX', integer(2, 500).default(20), 'Most connections of this process.'),
  statementTimeoutMs: setting(
    'DB_STATEMENT_TIMEOUT_MS',
    integer(100, 600_000).default(30_000),
    'Longest a statement may run.',
  ),
}) {}
