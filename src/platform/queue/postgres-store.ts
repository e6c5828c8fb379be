import type { BackendFactory, PostgresConnection, PostgresQueueBackend } from 'bullmq';
import type { EventEmitter } from 'node:events';
import type { Connection } from '../database/data-source-options.js';
import type { BullStore } from './bull-broker.js';

export interface PostgresStoreOptions {
  readonly connection: Connection;
  /** Of BullMQ's tables, made when missing. */
  readonly schema: string;
  readonly statementTimeoutMs: number;
}

/** Workers are told by NOTIFY; the look is for a connection that died without a word. */
const IDLE_LOOK_S = 30;
/** Undefined table or function, missing schema. */
const GONE = /^(?:42P01|42883|3F000)$/;

/**
 * BullMQ on PostgreSQL. All queues and workers share one connection that listens and at most two for statements, which
 * close when idle. @throws when the database cannot be reached or refuses the schema
 */
export async function postgresStore(
  bull: typeof import('bullmq'),
  { connection, schema, statementTimeoutMs }: PostgresStoreOptions,
): Promise<BullStore> {
  /** What all queues and workers use: BullMQ expects a client that listens for one of them alone. */
  class Shared extends bull.PostgresConnection {
    override async getListenClient(): Promise<PgListenClient> {
      const client = await super.getListenClient();
      if (!prepared.has(client)) prepare(client);
      return client;
    }
  }
  const shared = new Shared({
    ...addressOf(connection),
    schema,
    migrate: true,
    max: 2,
    idleTimeoutMillis: 10_000,
    connectionTimeoutMillis: 5_000,
    query_timeout: statementTimeoutMs + 5_000,
    keepAlive: true,
    application_name: 'chatter-queue',
    options: `-c statement_timeout=${statementTimeoutMs} -c idle_in_transaction_session_timeout=60000`,
  });
  shared.setMaxListeners(0).on('error', () => undefined);
  // BullMQ listens to no client that it has taken from the pool; a connection cut meanwhile would end the process.
  (shared.pool as unknown as EventEmitter).on('connect', (client: EventEmitter) => client.on('error', () => undefined));
  try {
    await shared.waitUntilReady();
  } catch (error) {
    await shared.close().catch(() => undefined);
    throw error;
  }

  /** Its end leaves the shared connection open. */
  class Backend extends bull.PostgresQueueBackend {
    override close(): Promise<void> {
      this.closing ??= this.disconnectBlocking();
      return this.closing;
    }
  }
  const factory: BackendFactory<PostgresQueueBackend> = (name, options) => new Backend(shared, name, options as never);
  const backend = factory as unknown as BackendFactory;

  return {
    backend,
    connection: {},
    idleLookS: IDLE_LOOK_S,
    isAway: false,
    isGone: (error) => GONE.test(String((error as { code?: unknown } | undefined)?.code)),
    ping: async () => {
      await shared.pool.query('SELECT 1');
    },
    close: () => shared.close(),
  };
}

type PgListenClient = Awaited<ReturnType<PostgresConnection['getListenClient']>>;

const prepared = new WeakSet<PgListenClient>();

/** One statement at a time, and any number of listeners. */
function prepare(client: PgListenClient): void {
  prepared.add(client);
  const query = client.query.bind(client);
  let last: Promise<unknown> = Promise.resolve();
  client.query = ((text: string, values?: unknown[]) => {
    const answer = last.then(() => query(text, values));
    last = answer.catch(() => undefined);
    return answer;
  }) as typeof client.query;
  (client as unknown as EventEmitter).setMaxListeners(0);
}

const addressOf = (connection: Connection) =>
  'url' in connection
    ? { connectionString: connection.url }
    : { host: connection.host, port: connection.port, user: connection.username, database: connection.database };
