import type { Request } from 'express';

/** Nobody is there to be answered. */
export class ClientGone extends Error {
  constructor() {
    super('The client left.');
  }
}

/** Aborted with {@link ClientGone} when the client leaves before it has its answer. */
export function clientGone(request: Request): AbortSignal {
  const controller = new AbortController();
  const response = request.res;
  response?.once('close', () => {
    if (!response.writableFinished) controller.abort(new ClientGone());
  });
  return controller.signal;
}
