import { Injectable, type CallHandler, type ExecutionContext, type NestInterceptor } from '@nestjs/common';
import type { Response } from 'express';
import { tap, type Observable } from 'rxjs';
import { EventStream } from '../platform/http/event-stream.js';
import type { AuthenticatedRequest } from '../platform/http/principal.js';
import { OpenStreams } from './open-streams.js';

/**
 * Tells callers how long their request was worked on (`Server-Timing`), and counts the event streams that are sent. Who is
 * not authenticated is told no times: they would tell what was compared.
 */
@Injectable()
export class PerformanceInterceptor implements NestInterceptor {
  constructor(private readonly streams: OpenStreams) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const http = context.switchToHttp();
    const { principal } = http.getRequest<AuthenticatedRequest>();
    if (!principal) return next.handle();
    const response = http.getResponse<Response>();
    const startedAt = performance.now();
    return next.handle().pipe(
      tap((result) => {
        if (response.headersSent) return;
        if (result instanceof EventStream) response.once('close', this.streams.opened(principal.workspaceId));
        else response.setHeader('Server-Timing', `handler;dur=${(performance.now() - startedAt).toFixed(1)}`);
      }),
    );
  }
}
