import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import type { AddressInfo } from 'node:net';

/** A listener on both loopback addresses, at one port, that nobody should ever reach. */
export interface Canary {
  readonly port: number;
  /** Connections ever made. */
  readonly connections: number;
  stop(): Promise<void>;
}

export async function canary(): Promise<Canary> {
  let connections = 0;
  const listen = async (host: string, port: number): Promise<Server> => {
    const server = createServer((socket) => {
      connections += 1;
      socket
        .on('error', () => {})
        .resume()
        .end('HTTP/1.1 200 OK\r\nContent-Length: 6\r\nConnection: close\r\n\r\nsecret');
    });
    server.listen(port, host);
    await once(server, 'listening');
    return server;
  };
  const four = await listen('127.0.0.1', 0);
  const { port } = four.address() as AddressInfo;
  const six = await listen('::1', port);
  return {
    port,
    get connections() {
      return connections;
    },
    stop: async () => {
      for (const server of [four, six]) {
        server.close();
        await once(server, 'close');
      }
    },
  };
}
