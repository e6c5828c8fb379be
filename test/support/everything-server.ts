import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { createServer, type AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { eventually } from './eventually.js';

const PACKAGE = createRequire(import.meta.url).resolve('@modelcontextprotocol/server-everything/package.json');

/** The program of the reference server; its first argument is the transport. */
export const EVERYTHING = join(dirname(PACKAGE), 'dist', 'index.js');

export interface EverythingServer {
  /** Of its Streamable HTTP endpoint, on a loopback port. */
  readonly url: string;
  readonly host: string;
  stop(): Promise<void>;
}

/** Starts the reference server over Streamable HTTP, at a port of the caller's to have it come back to one. */
export async function everythingServer(port?: number): Promise<EverythingServer> {
  const at = port ?? (await freePort());
  const process_ = spawn(process.execPath, [EVERYTHING, 'streamableHttp'], {
    env: { PORT: String(at) },
    stdio: 'ignore',
  });
  const host = `127.0.0.1:${at}`;
  await eventually(() => fetch(`http://${host}/`).then(() => true), { withinMs: 30_000, everyMs: 50 });
  return {
    url: `http://${host}/mcp`,
    host,
    stop: async () => {
      if (process_.exitCode !== null || process_.signalCode !== null) return;
      process_.kill('SIGKILL');
      await once(process_, 'exit');
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
