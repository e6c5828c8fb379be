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
  const leave = (): void => {
    if (!response?.writableFinished) controller.abort(new ClientGone());
  };
  if (response?.closed) leave();
  else response?.once('close', leave);
  return controller.signal;
}
