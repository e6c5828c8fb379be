import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { join } from 'node:path';

/** The line between an application and its database, to be broken and mended at will. */
export interface DatabaseLink {
  /** `DATABASE_URL` that goes over the line. */
  readonly url: string;
  /** Connections that were asked for so far. */
  readonly asked: number;
  /** Breaks every connection and refuses new ones. */
  cut(): void;
  /** Breaks every connection; new ones are made at once. */
  interrupt(): void;
  /** Lets nothing through, without a word: neither what is open nor what is asked for. */
  stall(): void;
  mend(): void;
  stop(): Promise<void>;
}

/** @param databaseUrl of a server on TCP or, by `?host=`, on a socket in a folder */
export async function databaseLink(databaseUrl: string): Promise<DatabaseLink> {
  const target = new URL(databaseUrl.replace(/@\//, '@localhost/'));
  const folder = target.searchParams.get('host');
  const port = Number(target.searchParams.get('port') ?? (target.port || 5432));
  const reach = (): Socket =>
    folder === null ? connect(port, target.hostname) : connect(join(folder, `.s.PGSQL.${port}`));
  const sockets = new Set<Socket>();
  let isCut = false;
  let flows = Promise.withResolvers<void>();
  flows.resolve();
  let asked = 0;
  const keep = (socket: Socket): void => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    socket.on('error', () => undefined);
  };
  const pass = async (from: Socket, to: Socket): Promise<void> => {
    try {
      for await (const chunk of from) {
        await flows.promise;
        to.write(chunk as Buffer);
      }
    } catch {
      // Broken: the other side is told by its closing.
    }
  };
  const server = createServer((client) => {
    asked += 1;
    if (isCut) {
      client.destroy();
      return;
    }
    const database = reach();
    keep(client);
    keep(database);
    void pass(client, database);
    void pass(database, client);
    client.once('close', () => database.destroy());
    database.once('close', () => client.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = new URL(target);
  url.search = '';
  url.host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const interrupt = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    url: url.href,
    get asked() {
      return asked;
    },
    interrupt,
    cut: () => {
      isCut = true;
      interrupt();
    },
    stall: () => {
      flows = Promise.withResolvers<void>();
    },
    mend: () => {
      isCut = false;
      flows.resolve();
    },
    stop: async () => {
      interrupt();
      server.close();
      await once(server, 'close');
    },
  };
}
