import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

export interface ReceivedHook {
  readonly path: string;
  readonly method: string;
  readonly headers: IncomingHttpHeaders;
  /** The body, byte for byte. */
  readonly body: string;
  readonly at: number;
}

/** How a post is answered: with a status, with a redirect, or after a while; `never` keeps the sender waiting. */
export type HookAnswer = number | 'never' | { readonly redirect: string } | { readonly afterMs: number };

/** A server that webhooks are posted to. */
export interface HookReceiver {
  readonly url: string;
  /** For EGRESS_ALLOW. */
  readonly host: string;
  readonly received: ReceivedHook[];
  /** Answers for the next posts; 204 once they are used up. */
  answer(...next: HookAnswer[]): void;
  stop(): Promise<void>;
}

export async function hookReceiver(): Promise<HookReceiver> {
  const received: ReceivedHook[] = [];
  const sockets = new Set<Socket>();
  let answers: HookAnswer[] = [];
  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const at = Date.now();
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const { method = '', url: path = '', headers } = request;
    received.push({ path, method, headers, body: Buffer.concat(chunks).toString('utf8'), at });
    const answer = answers.shift() ?? 204;
    if (answer === 'never') return;
    if (typeof answer === 'number') response.writeHead(answer);
    else if ('redirect' in answer) response.writeHead(307, { Location: answer.redirect });
    else await new Promise((resolve) => setTimeout(resolve, answer.afterMs));
    response.end();
  };
  const server = createServer((request, response) => void serve(request, response));
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined).once('close', () => sockets.delete(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url: `http://${host}/hook`,
    host,
    received,
    answer: (...next) => {
      answers = next;
    },
    stop: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
