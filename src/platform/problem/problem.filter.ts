import { Catch, HttpException, Logger, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { Request, Response } from 'express';
import { isDatabaseUnavailable } from '../database/fault.js';
import { ClientGone } from '../http/client-gone.js';
import { currentRequest } from '../http/request-context.js';
import {
  badRequest,
  forbidden,
  internal,
  methodNotAllowed,
  notFound,
  payloadTooLarge,
  unauthenticated,
  unavailable,
} from './http.errors.js';
import { Problem } from './problem.js';

/** Every failed request leaves through here, as RFC 9457. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  private readonly logger = new Logger('Problem');

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const request = http.getRequest<Request>();
    const response = http.getResponse<Response>();
    if (response.headersSent || error instanceof ClientGone) response.destroy();
    else sendProblem(this.toProblem(error, request), request, response);
  }

  private toProblem(error: unknown, request: Request): Problem {
    if (error instanceof Problem) return error;
    if (isDatabaseUnavailable(error)) {
      this.logger.warn(`Database unavailable: ${error instanceof Error ? error.message : String(error)}`);
      return unavailable('The database does not answer. Repeat the request.', {
        headers: { 'Retry-After': '2' },
        cause: error,
      });
    }
    if (error instanceof HttpException) return ofNest(error, request);
    this.logger.error(error instanceof Error ? (error.stack ?? error.message) : String(error));
    return internal('An unexpected error occurred. Report the trace id.', { cause: error });
  }
}

/** Answers a request with a problem. */
export function sendProblem(problem: Problem, request: Request, response: Response): void {
  const body = {
    ...problem.body(),
    instance: problem.extensions.instance ?? pathOf(request),
    traceId: currentRequest()?.traceId,
  };
  response.status(problem.status).set(problem.headers).type('application/problem+json').send(JSON.stringify(body));
}

/** What lies outside of every route. */
export function unknownRoute(request: Request, response: Response): void {
  sendProblem(notFound(`There is nothing at ${request.method} ${pathOf(request)}.`), request, response);
}

/** The whole path, also behind a mounted router. */
const pathOf = (request: Request): string => request.originalUrl.split('?', 1)[0] ?? '/';

/** Nest's own exceptions: unknown routes, undecodable paths. */
function ofNest(error: HttpException, request: Request): Problem {
  switch (error.getStatus()) {
    case 401:
      return unauthenticated('The request is not authenticated.', { cause: error });
    case 403:
      return forbidden('The request is not allowed.', { cause: error });
    case 404:
      return notFound(`There is nothing at ${request.method} ${pathOf(request)}.`, { cause: error });
    case 405:
      return methodNotAllowed(`${request.method} is not possible at ${pathOf(request)}.`, { cause: error });
    case 413:
      return payloadTooLarge('The request is too large.', { cause: error });
    case 503:
      return unavailable('The service cannot answer right now.', { cause: error });
    default:
      return error.getStatus() < 500
        ? badRequest('The request is not well formed.', { cause: error })
        : internal('An unexpected error occurred. Report the trace id.', { cause: error });
  }
}
