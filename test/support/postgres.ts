import { randomBytes } from 'node:crypto';
import { Client, escapeIdentifier, type ClientConfig } from 'pg';
import { testServer } from './test-server.js';

/** A schema of a suite's own on a real server. */
export interface TestDatabase {
  readonly url: string;
  readonly schema: string;
  /** What the application is started with to use it. */
  readonly environment: { readonly DATABASE_URL: string; readonly DATABASE_SCHEMA: string };
  /** For `pg`, with the schema as the search path. */
  readonly connection: ClientConfig;
  /** Drops the schema. Close every connection first. */
  drop(): Promise<void>;
}

const ABANDONED_AFTER_S = 6 * 3600;

/**
 * Makes a schema for a suite, on the server of TEST_DATABASE_URL or else on an embedded one, which runs until the end
 * of the test run. Call `drop()` in `afterAll`.
 * @param suite lower-case letters and digits; the schema is `test_<suite>_<second>_<random>`; that of its queue has `_bullmq` behind it
 */
export async function testDatabase(suite = 'suite'): Promise<TestDatabase> {
  const { TEST_DATABASE_URL } = process.env;
  const server = TEST_DATABASE_URL ? undefined : await testServer();
  const url = server?.url ?? TEST_DATABASE_URL ?? '';
  const schema = `test_${suite}_${now()}_${randomBytes(4).toString('hex')}`;
  await asOwner(url, async (client) => {
    await dropAbandonedSchemas(client);
    await client.query(`create schema ${escapeIdentifier(schema)}`);
  });
  return {
    url,
    schema,
    environment: { DATABASE_URL: url, DATABASE_SCHEMA: schema },
    connection: { connectionString: url, options: `-c search_path=${schema}` },
    drop: async () => {
      await asOwner(url, async (client) => {
        for (const each of [schema, `${schema}_bullmq`]) await dropSchema(client, each);
      });
      await server?.leave();
    },
  };
}

const now = () => Math.floor(Date.now() / 1000);

async function asOwner(url: string, work: (client: Client) => Promise<void>): Promise<void> {
  const client = new Client({ connectionString: url, lock_timeout: 10_000 });
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
}

async function dropSchema(client: Client, schema: string): Promise<void> {
  await client.query(`drop schema if exists ${escapeIdentifier(schema)} cascade`);
}

/** Of runs that were killed. */
async function dropAbandonedSchemas(client: Client): Promise<void> {
  const { rows } = await client.query<{ name: string }>(
    `select nspname as name from pg_namespace where nspname like 'test\\_%'`,
  );
  for (const { name } of rows) {
    const madeAt = Number(/^test_[a-z0-9]+_(\d+)_[0-9a-f]{8}(?:_bullmq)?$/.exec(name)?.[1] ?? Infinity);
    if (now() - madeAt > ABANDONED_AFTER_S) await dropSchema(client, name);
  }
}
