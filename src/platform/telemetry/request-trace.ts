import { SpanKind } from '@opentelemetry/api';
import type { NextFunction, Request, RequestHandler, Response } from 'express';
import { routeOf } from '../http/route.js';
import type { Tracing } from './tracing.js';

/** One span per request, of the caller's trace when it sent a `traceparent`. Neither query, headers nor body. */
export function requestTrace(tracing: Tracing): RequestHandler {
  return (request: Request, response: Response, next: NextFunction) => {
    const { method } = request;
    const span = tracing.start(method, {
      kind: SpanKind.SERVER,
      attributes: { 'http.request.method': method, 'url.scheme': request.protocol },
      parent: request.headers.traceparent?.toString() ?? null,
    });
    if (!span) {
      next();
      return;
    }
    response.once('close', () => {
      const route = routeOf(request);
      if (route !== undefined) {
        span.rename(`${method} ${route}`);
        span.set({ 'http.route': route });
      }
      span.set({ 'http.response.status_code': response.statusCode });
      span.end(response.statusCode >= 500 ? String(response.statusCode) : undefined);
    });
    tracing.within(span, next);
  };
}
