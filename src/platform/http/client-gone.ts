import type { Request } from 'express';

/** Aborted when the client leaves before it has its answer. */
export function clientGone(request: Request): AbortSignal {
  const controller = new AbortController();
  const response = request.res;
  response?.once('close', () => {
    if (!response.writableFinished) controller.abort(new Error('The client left.'));
  });
  return controller.signal;
}
