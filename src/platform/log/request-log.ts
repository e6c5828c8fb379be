import type { NextFunction, Request, RequestHandler, Response } from 'express';
import type { Logger } from 'pino';
import { currentRequest } from '../http/request-context.js';

/** One line per answered request: what, how it ended and how long it took. Never a query, header or body. */
export function requestLog(logger: Logger): RequestHandler {
  return (request: Request, response: Response, next: NextFunction) => {
    if (!logger.isLevelEnabled('debug')) {
      next();
      return;
    }
    const context = currentRequest();
    const startedAt = performance.now();
    response.once('close', () => {
      logger.debug(
        {
          ...context,
          method: request.method,
          path: request.path,
          status: response.statusCode,
          durationMs: Math.round(performance.now() - startedAt),
          complete: response.writableFinished,
        },
        'request',
      );
    });
    next();
  };
}
