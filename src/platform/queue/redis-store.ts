import { once } from 'node:events';
import type { BullStore } from './bull-broker.js';

/** Workers are told by a blocking read, which BullMQ does not want to last longer. */
const IDLE_LOOK_S = 10;
const CONNECT_TIMEOUT_MS = 5_000;
const FIRST_ANSWER_MS = 2_000;
const LONGEST_RETRY_MS = 2_000;

/**
 * BullMQ on Redis. All queues and workers share one connection; each worker has one more, which blocks. A Redis that is
 * away is asked again until it is back; meanwhile nothing can be put.
 */
export async function redisStore(bull: typeof import('bullmq'), url: string, prefix: string): Promise<BullStore> {
  const { Redis } = await import('ioredis');
  const client = new Redis(url, {
    connectionName: 'chatter',
    maxRetriesPerRequest: null,
    connectTimeout: CONNECT_TIMEOUT_MS,
    disconnectTimeout: 500,
    retryStrategy: (times) => Math.min(times * 100, LONGEST_RETRY_MS),
  });
  client.on('error', () => undefined);
  const clients = [client];
  const duplicate = client.duplicate.bind(client);
  client.duplicate = (override) => {
    const copy = duplicate(override);
    clients.push(copy);
    return copy;
  };
  await once(client, 'ready', { signal: AbortSignal.timeout(FIRST_ANSWER_MS) }).catch(() => undefined);

  return {
    backend: bull.createRedisBackend,
    connection: client,
    prefix,
    idleLookS: IDLE_LOOK_S,
    get isAway() {
      return client.status !== 'ready';
    },
    isGone: () => false,
    ping: async () => {
      if (client.status !== 'ready') throw new Error(`Redis is away (${client.status}).`);
      await client.ping();
    },
    close: async () => {
      for (const each of clients) each.disconnect();
    },
  };
}
