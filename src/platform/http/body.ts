import express, { type NextFunction, type Request, type RequestHandler, type Response } from 'express';
import { malformedJson, payloadTooLarge, unsupportedMediaType } from '../problem/http.errors.js';

/** Reads JSON bodies up to `limit` bytes; answers what is no JSON, too large or of another media type as a problem. */
export function jsonBody(limit: number): RequestHandler {
  const parse = express.json({ limit, strict: true, type: isJson });
  return (request: Request, response: Response, next: NextFunction) => {
    if (hasBody(request) && !isJson(request)) {
      next(
        unsupportedMediaType(
          `Content-Type is "${request.headers['content-type'] ?? 'absent'}"; send application/json.`,
        ),
      );
      return;
    }
    parse(request, response, (error?: unknown) => {
      next(error === undefined ? undefined : translated(error, limit));
    });
  };
}

const isJson = (request: { readonly headers: Readonly<Record<string, unknown>> }): boolean =>
  /^application\/(?:[\w.+-]+\+)?json\s*(?:;|$)/i.test(
    typeof request.headers['content-type'] === 'string' ? request.headers['content-type'] : '',
  );

const hasBody = (request: Request): boolean =>
  request.headers['transfer-encoding'] !== undefined || Number(request.headers['content-length'] ?? 0) > 0;

function translated(error: unknown, limit: number): unknown {
  const { type } = error as { readonly type?: unknown };
  switch (type) {
    case 'entity.too.large':
      return payloadTooLarge(`The body is larger than ${limit} bytes.`, { cause: error });
    case 'entity.parse.failed':
      return malformedJson('The body is not one JSON object or list.', { cause: error });
    case 'charset.unsupported':
    case 'encoding.unsupported':
      return unsupportedMediaType('Send the body in UTF-8, uncompressed or as gzip, deflate or br.', { cause: error });
    case 'request.aborted':
    case 'request.size.invalid':
      return malformedJson('The body ended before its Content-Length.', { cause: error });
    default:
      return malformedJson('The body could not be read.', { cause: error });
  }
}
