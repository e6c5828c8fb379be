import { Client } from 'pg';
import type { TestDatabase } from '../support/postgres.js';
import { redisMissing, RedisServer } from '../support/redis-server.js';

/** Where BullMQ keeps its jobs in a suite. */
export interface QueueStore {
  /** What a process is started with to use it. */
  readonly environment: Readonly<Record<string, string>>;
  /** Takes every job away. */
  wipe(): Promise<void>;
  /** Takes everything away that BullMQ has made. */
  destroy(): Promise<void>;
  stop(): Promise<void>;
}

export interface QueueStoreKind {
  readonly name: string;
  /** Why it cannot be tried here. */
  readonly missing?: string;
  start(database: TestDatabase): Promise<QueueStore>;
}

export const POSTGRES: QueueStoreKind = {
  name: 'PostgreSQL',
  start: async ({ url, schema }) => {
    const client = new Client({ connectionString: url });
    await client.connect();
    return {
      environment: {},
      wipe: async () => harm(client, `TRUNCATE "${schema}_bullmq".job CASCADE`),
      destroy: async () => harm(client, `DROP SCHEMA "${schema}_bullmq" CASCADE`),
      stop: () => client.end(),
    };
  },
};

export const REDIS: QueueStoreKind = {
  name: 'Redis',
  missing: redisMissing,
  start: async () => {
    const server = await RedisServer.start();
    const flush = () => server.ask(async (client) => void (await client.flushall()));
    return {
      environment: { REDIS_URL: server.url },
      wipe: flush,
      destroy: flush,
      stop: () => server.stop(),
    };
  },
};

/** The queue goes on with its own statements meanwhile: PostgreSQL may choose either of two that wait for each other. */
async function harm(client: Client, statement: string, tries = 10): Promise<void> {
  try {
    await client.query(statement);
  } catch (error) {
    if ((error as { code?: string }).code !== '40P01' || tries === 1) throw error;
    await harm(client, statement, tries - 1);
  }
}
