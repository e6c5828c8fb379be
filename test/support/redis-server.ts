import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { eventually } from './eventually.js';

/** Why there can be no Redis here; undefined when there can. */
export const redisMissing: string | undefined =
  spawnSync('redis-server', ['--version']).error === undefined
    ? undefined
    : 'the program redis-server is missing (apt-get install redis-server)';

/** A Redis of a suite's own, which keeps nothing on disk. */
export class RedisServer {
  private child: ChildProcess | undefined;

  private constructor(
    private readonly port: number,
    private readonly folder: string,
  ) {}

  static async start(): Promise<RedisServer> {
    const server = new RedisServer(await freePort(), await mkdtemp(join(tmpdir(), 'chatter-redis-')));
    await server.restart();
    return server;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  /** Starts it, at the same address as before. */
  async restart(): Promise<void> {
    const settings = { port: this.port, bind: '127.0.0.1', dir: this.folder, appendonly: 'no', save: '' };
    const options = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]);
    this.child = spawn('redis-server', options, { stdio: 'ignore' });
    await eventually(() => this.ask((client) => client.ping()), { what: 'a Redis that answers' });
  }

  /** Ends it without a chance to say so. */
  async kill(): Promise<void> {
    const { child } = this;
    this.child = undefined;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }

  async stop(): Promise<void> {
    await this.kill();
    await rm(this.folder, { recursive: true, force: true });
  }

  /** A command over a connection of its own. */
  async ask<Answer>(question: (client: Redis) => Promise<Answer>): Promise<Answer> {
    const client = new Redis(this.url, {
      lazyConnect: true,
      retryStrategy: null,
      maxRetriesPerRequest: 0,
      disconnectTimeout: 50,
    });
    client.on('error', () => undefined);
    try {
      await client.connect();
      return await question(client);
    } finally {
      client.disconnect();
    }
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
