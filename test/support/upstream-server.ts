import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

export interface UpstreamRequest {
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: Readonly<Record<string, unknown>>;
}

type Answer = (response: ServerResponse, request: UpstreamRequest) => Promise<void> | void;

/** A provider whose every byte a test decides. */
export interface UpstreamServer {
  readonly url: string;
  readonly requests: UpstreamRequest[];
  /** Connections that were ever made. */
  readonly connections: number;
  /** How the next requests are answered; the last one given answers all further ones. */
  answer(...answers: Answer[]): void;
  /** Resolves once the client has closed the connection of a request that was still being answered. */
  readonly clientLeft: Promise<void>;
  stop(): Promise<void>;
}

export async function upstreamServer(): Promise<UpstreamServer> {
  const requests: UpstreamRequest[] = [];
  const sockets = new Set<Socket>();
  const left = Promise.withResolvers<void>();
  let answers: Answer[] = [];
  let connections = 0;
  const server = createServer((incoming, response) => {
    response.once('close', () => {
      if (!response.writableFinished) left.resolve();
    });
    void bodyOf(incoming).then((body) => {
      const request = { path: incoming.url ?? '', headers: incoming.headers, body };
      requests.push(request);
      const answer = answers.length > 1 ? answers.shift() : answers[0];
      return answer?.(response, request);
    });
  });
  server.on('connection', (socket) => {
    connections++;
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    get connections() {
      return connections;
    },
    answer: (...next) => {
      answers = next;
    },
    clientLeft: left.promise,
    stop: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

async function bodyOf(request: IncomingMessage): Promise<Readonly<Record<string, unknown>>> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return JSON.parse(Buffer.concat(chunks).toString('utf8') || '{}') as Record<string, unknown>;
}
