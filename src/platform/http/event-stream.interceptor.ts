import {
  Injectable,
  StreamableFile,
  type CallHandler,
  type ExecutionContext,
  type NestInterceptor,
} from '@nestjs/common';
import type { Request, Response } from 'express';
import { map, type Observable } from 'rxjs';
import { unavailable } from '../problem/http.errors.js';
import { sendProblem } from '../problem/problem.filter.js';
import { EventStream } from './event-stream.js';

/** Sends the event streams that handlers return. */
@Injectable()
export class EventStreamInterceptor implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const http = context.switchToHttp();
    return next
      .handle()
      .pipe(
        map((result: unknown) =>
          result instanceof EventStream
            ? opened(result, http.getRequest<Request>(), http.getResponse<Response>())
            : result,
        ),
      );
  }
}

function opened(stream: EventStream, request: Request, response: Response): StreamableFile {
  response.set(stream.headers);
  const file = new StreamableFile(stream.open(), { type: stream.headers['Content-Type'] });
  file.setErrorLogger(() => undefined);
  file.setErrorHandler(() => {
    if (response.headersSent || response.destroyed) response.destroy();
    else
      sendProblem(
        unavailable('The events cannot be read right now. Repeat the request.', { headers: { 'Retry-After': '2' } }),
        request,
        response,
      );
  });
  return file;
}
