import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

export interface CuttingProxy {
  /** Origin of the proxy. */
  readonly url: string;
  /** Connections it has cut. */
  readonly cuts: number;
  stop(): Promise<void>;
}

/**
 * A TCP proxy that breaks connections in the middle of the server's bytes.
 * @param target origin of the server
 * @param bytesUntilCut asked for every connection: how many bytes of the server pass; Infinity lets it live
 */
export async function cuttingProxy(target: string, bytesUntilCut: () => number): Promise<CuttingProxy> {
  const { hostname, port } = new URL(target);
  const sockets = new Set<Socket>();
  let cuts = 0;
  const keep = (socket: Socket): Socket => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    socket.on('error', () => undefined);
    return socket;
  };
  const proxy = createServer((incoming) => {
    const client = keep(incoming);
    const server = keep(connect(Number(port), hostname));
    let left = bytesUntilCut();
    client.pipe(server);
    client.once('close', () => server.destroy());
    server.once('close', () => client.end());
    server.on('data', (chunk) => {
      if (left <= 0) return;
      client.write(left < chunk.length ? chunk.subarray(0, left) : chunk);
      left -= chunk.length;
      if (left > 0) return;
      cuts += 1;
      server.destroy();
      client.end(() => client.destroy());
    });
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  return {
    url: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`,
    get cuts() {
      return cuts;
    },
    stop: async () => {
      for (const socket of sockets) socket.destroy();
      proxy.close();
      await once(proxy, 'close');
    },
  };
}
